"""Reading profiles from LinkedIn: over a simulated Edges and a real database."""
