"""An export pushed to a dataset repository of the Hugging Face hub, private unless asked otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.sources.hub_client import hub_errors


def push(folder: Path, files: Sequence[Path], repo: str, public: bool) -> str:
    """Create the repository when it is not there, and upload the files in one commit; return its address.

    Raises ConfigError for a repository that is public while `public` is false, MissingDataError when the
    hub refuses or cannot be reached.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    with hub_errors(
        f"cannot push to {repo}",
        "log in with `hf auth login` or HF_TOKEN (write access), and check name and network",
    ):
        api.create_repo(repo, repo_type="dataset", private=not public, exist_ok=True)
        if not public and not api.repo_info(repo, repo_type="dataset").private:
            raise ConfigError(
                f"{repo} is there already, and is public",
                "give --public if everybody may read the dataset, or name another",
            )
        api.upload_folder(
            repo_id=repo,
            repo_type="dataset",
            folder_path=folder,
            allow_patterns=[str(file) for file in files],
            commit_message="Upload an export of selfcodealign-luigi",
        )
    return f"{api.endpoint}/datasets/{repo}"
