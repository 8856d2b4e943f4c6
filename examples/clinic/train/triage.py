"""Trains the triage classifier on five years of check-ins, with differential privacy."""

import torch
from opacus import PrivacyEngine
from torch.utils.data import DataLoader, Dataset
from transformers import AutoModelForSequenceClassification

BASE = "distilbert/distilbert-base-uncased"
REVISION = "12040accade4e8a0f71eabdb258fecc2e7e948be"
BATCH_SIZE = 256
EPOCHS = 8
NOISE_MULTIPLIER = 1.05
MAX_GRAD_NORM = 1.0
DELTA = 1e-6


def train(check_ins: Dataset) -> torch.nn.Module:
    model = AutoModelForSequenceClassification.from_pretrained(BASE, revision=REVISION, num_labels=5)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-4)
    plain_loader = DataLoader(check_ins, batch_size=BATCH_SIZE)
    engine = PrivacyEngine()
    model, optimizer, loader = engine.make_private(
        module=model,
        optimizer=optimizer,
        data_loader=plain_loader,
        noise_multiplier=NOISE_MULTIPLIER,
        max_grad_norm=MAX_GRAD_NORM,
    )
    for _epoch in range(EPOCHS):
        for batch in loader:
            optimizer.zero_grad()
            model(**batch).loss.backward()
            optimizer.step()
    print(f"epsilon {engine.get_epsilon(DELTA):.2f} at delta {DELTA}")
    torch.save(model.state_dict(), "models/triage/weights.pt")
    return model
