"""Finds out which language a patient writes, so that the reply can use the same one."""

from functools import cache

from transformers import AutoModelForSequenceClassification, AutoTokenizer

NAME = "papluca/xlm-roberta-base-language-detection"


@cache
def _model() -> tuple[AutoTokenizer, AutoModelForSequenceClassification]:
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    return tokenizer, AutoModelForSequenceClassification.from_pretrained(NAME)


def language(text: str) -> str:
    tokenizer, model = _model()
    scores = model(**tokenizer(text, return_tensors="pt", truncation=True)).logits
    return model.config.id2label[int(scores.argmax())]
