"""What makes a model's vocabulary unfit: bytes of the file to replace, and what is said of it then."""

NEWLINE, OTHER = "Ċ".encode(), "ƀ".encode()  # how byte-level BPE writes a newline; what no byte is

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
