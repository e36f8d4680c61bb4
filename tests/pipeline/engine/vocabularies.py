"""Unfit vocabularies: bytes of a model file to replace, and the error message that results."""

NEWLINE, OTHER = "Ċ".encode(), "ƀ".encode()  # a newline in byte-level BPE; a symbol of no byte

UNFIT: dict[str, tuple[tuple[bytes, bytes], str]] = {
    "no tokenizer": ((b"tokenizer.ggml.model", b"tokenizer.ggml.mOdel"), "tokenizer.ggml.model"),
    "tokenizer none": ((b"gpt2", b"none"), "has no tokens for"),
    "unknown tokenizer": ((b"gpt2", b"gpt9"), "unknown tokenizer: 'gpt9'"),
    "no tokens": (
        (b"tokenizer.ggml.tokens", b"tokenizer.ggml.tOkens"),
        "cannot find tokenizer vocab",
    ),
    "no merges": (
        (b"tokenizer.ggml.merges", b"tokenizer.ggml.mErges"),
        "cannot find tokenizer merges",
    ),
    "no newline": ((NEWLINE, OTHER), r"has no tokens for '\\n'"),
}
