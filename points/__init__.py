"""The points wing: deeds become points, points become goods. It may import the marketplace wing."""
