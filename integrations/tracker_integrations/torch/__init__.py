"""PyTorch: `run.watch(model)`, and what `magic={"torch": True}` reads off any optimizer's steps."""
