"""Where each screen is, by page id or name. Modules are imported when first shown, not before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from textual.screen import Screen

from screens.world import World

ROUTES: Final[dict[str, str]] = {
    "welcome": "screens.welcome:WelcomeScreen",
    "presets": "screens.presets:PresetsScreen",
    "export": "screens.export:ExportDialog",
    "topology": "screens.topology:TopologyPage",
    "endpoint": "screens.endpoint:EndpointPage",
    "hosts": "screens.hosts:HostsPage",
    "access": "screens.access:AccessPage",
    "cluster": "screens.cluster:ClusterPage",
    "preflight": "screens.preflight:PreflightPage",
    "review": "screens.review:ReviewPage",
    "execute": "screens.execute:ExecuteScreen",
    "attach": "screens.attach:AttachScreen",
    "failure": "screens.failure:FailureScreen",
    "log": "screens.log_screen:LogScreen",
    "result": "screens.result:ResultScreen",
}
"""`module:class`; each class takes the world, and an argument when ShowScreen gives one."""


def screen_class(name: str, routes: Mapping[str, str] = ROUTES) -> Callable[..., Screen[Any]]:
    """The class of a screen. Raises KeyError for a name that is no route."""
    module, _, attribute = routes[name].partition(":")
    found: Callable[..., Screen[Any]] = getattr(import_module(module), attribute)
    return found


def make_screen(
    name: str, world: World, argument: str = "", routes: Mapping[str, str] = ROUTES
) -> Screen[Any]:
    """A fresh screen; its state comes from the world, so a new one shows what the old one did."""
    made = screen_class(name, routes)
    return made(world, argument) if argument else made(world)
