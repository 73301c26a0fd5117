"""The discriminator: a model that tells references from generated programs, and how it is trained."""
