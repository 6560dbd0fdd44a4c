"""What the points wing offers to the site. Its first rooms come with its first verbs."""

from marketplace.web.wing import Wing

POINTS = Wing(name="points")
