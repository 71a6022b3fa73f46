"""How do recurrent networks remember? Train them, take them apart, rebuild two papers' figures.

Everything is imported when it is first used: ``import memdyn`` costs no torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
