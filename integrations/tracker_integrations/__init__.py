"""One module per framework; import the one you use, for example `tracker_integrations.keras`."""
