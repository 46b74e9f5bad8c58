"""The page as a web application: how it looks, who may ask for it, and what it may load."""

from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from gaitheat.app.server import HOST

POLICY = "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'none'"
"""What a browser may load: what comes from here. Gradio puts scripts and style into the page itself."""


def website(page: gr.Blocks) -> FastAPI:
    """What answers a browser: of this machine, and asked by no other page under another name."""
    site = FastAPI(openapi_url=None)
    site.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    site.add_middleware(BaseHTTPMiddleware, dispatch=_loading_nothing_else)
    theme = gr.themes.Base(
        primary_hue="teal", neutral_hue="stone", font=["system-ui", "sans-serif"], font_mono=["monospace"]
    ).set(button_primary_background_fill="#0f766e", button_primary_background_fill_hover="#115e59")
    return gr.mount_gradio_app(
        site,
        page,
        "/",
        server_name=HOST,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        show_error=False,
        theme=theme,
        css=(resources.files("gaitheat") / "data" / "app.css").read_text("utf-8"),
    )


async def _loading_nothing_else(request: Any, answer: Callable[[Any], Awaitable[Any]]) -> Any:
    response = await answer(request)
    response.headers["Content-Security-Policy"] = POLICY
    return response
