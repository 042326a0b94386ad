"""Post bank, enrichment and publishing for a LinkedIn content team."""
