from .landscape import Landscape as Landscape
from .landscape import Portrait as Portrait
from .landscape import analyse as analyse
