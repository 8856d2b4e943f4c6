"""Trains the model that predicts missed appointments; fine-tuned from last year's checkpoint."""

import torch
from opacus import PrivacyEngine
from torch.utils.data import DataLoader, Dataset

BATCH_SIZE = 512
EPOCHS = 30
NOISE_MULTIPLIER = 0.9
DELTA = 1e-6


def train(appointments: Dataset, features: int) -> torch.nn.Module:
    model = torch.nn.Sequential(torch.nn.Linear(features, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
    model.load_state_dict(torch.load("models/no_show/2024.pt"))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    plain_loader = DataLoader(appointments, batch_size=BATCH_SIZE)
    engine = PrivacyEngine()
    model, optimizer, loader = engine.make_private(
        module=model,
        optimizer=optimizer,
        data_loader=plain_loader,
        noise_multiplier=NOISE_MULTIPLIER,
        max_grad_norm=1.0,
    )
    loss = torch.nn.BCEWithLogitsLoss()
    for _epoch in range(EPOCHS):
        for rows, missed in loader:
            optimizer.zero_grad()
            loss(model(rows), missed).backward()
            optimizer.step()
    print(f"epsilon {engine.get_epsilon(DELTA):.2f} at delta {DELTA}")
    return model
