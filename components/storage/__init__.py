"""Where conversations lie while they are kept, and how they go."""
