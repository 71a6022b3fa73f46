from . import dynamics as dynamics
from . import landscape as landscape
from .runs import load as load
