"""The front door: the site from its two wings. The only module that imports both."""

from marketplace.web.site import build_site
from marketplace.wing import MARKETPLACE
from points.wing import POINTS

WINGS = (MARKETPLACE, POINTS)
app = build_site(*WINGS)
