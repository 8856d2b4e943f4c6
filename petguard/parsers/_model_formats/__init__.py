"""The formats of model files; the first that fits is taken."""

from petguard.parsers._model_file import Format
from petguard.parsers._model_formats import archives, gguf, keras, others, pickles, protobufs, safetensors, wrapped

FORMATS: tuple[Format, ...] = (
    *safetensors.FORMATS,
    *gguf.FORMATS,
    *keras.FORMATS,
    *archives.FORMATS,
    *pickles.FORMATS,
    *wrapped.FORMATS,
    *protobufs.FORMATS,
    *others.FORMATS,
)
