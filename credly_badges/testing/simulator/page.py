"""The page for people: what the simulator holds, as plain HTML without scripts. Keys and tokens never appear on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from . import issuing
from .envelope import ApiError
from .listings import LISTINGS, TONES, Cell, Code, Link, Listing, State, when
from .records import Badge
from .store import Store
from .style import STYLE

if TYPE_CHECKING:
    from .simulator import Simulator

ON_OVERVIEW = 5
ON_PAGE = 50
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def routes(simulator: Simulator) -> list[Route]:
    """The pages of one simulator."""
    store = simulator.store

    async def overview(request: Request) -> Response:
        with store.lock:
            faults = simulator.schedule.waiting()
            sections = "".join(_section(store, listing) for listing in LISTINGS.values())
        waiting = ", ".join(f"{fault['what']} ({fault['where']})" for fault in faults) or "none"
        base = str(request.base_url).rstrip("/")
        facts = f"<p>API: <code>{escape(base)}/v1</code>. Scheduled faults: {escape(waiting)}.</p>"
        return _page("Overview", facts + sections)

    async def badge(request: Request) -> Response:
        with store.lock:
            found = store.badges.get(request.path_params["badge"])
            if found is None:
                return _page("No such badge", "<p>There is no badge with this id.</p>", 404)
            return _page(found.template.name, _badge(found))

    async def earner_decides(request: Request) -> Response:
        deeds = {"accept": issuing.accept, "reject": issuing.reject}
        if request.headers.get("origin", "null") != str(request.base_url).rstrip("/"):
            return _page("Not from here", "<p>Use the button on the badge's own page.</p>", 403)
        with store.lock:
            found = store.badges.get(request.path_params["badge"])
            if found is None:
                return _page("No such badge", "<p>There is no badge with this id.</p>", 404)
            try:
                deeds[request.path_params["deed"]](store, found)
            except ApiError as error:
                return _page("Not possible", f"<p>{escape(error.message)}</p>", 422)
        return RedirectResponse(f"/badges/{found.uuid}", 303)

    async def image(request: Request) -> Response:
        with store.lock:
            template = store.templates.get(request.path_params["template"])
            name = template.name if template else ""
        return Response(_picture(name), media_type="image/svg+xml", headers=HEADERS)

    return [
        Route("/", overview),
        *[Route(f"/{slug}", _list(store, chosen)) for slug, chosen in LISTINGS.items()],
        Route("/badges/{badge}", badge),
        Route("/badges/{badge}/accept", badge),
        Route("/badges/{badge}/{deed}", earner_decides, methods=["POST"]),
        Route("/images/{template}.svg", image),
    ]


def _list(store: Store, listing: Listing) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        text = request.query_params.get("page", "1")
        number = max(int(text), 1) if text.isdecimal() and len(text) < 8 else 1
        with store.lock:
            return _page(listing.title, _full(store, listing, number))

    return endpoint


def _section(store: Store, listing: Listing) -> str:
    """The newest few of a listing, and the way to the rest."""
    total = listing.count(store)
    found = list(islice(iter(listing.find(store)), ON_OVERVIEW))
    caption = f"Newest {len(found)} of {total}" if total > len(found) else f"All {total}, newest first"
    table = _table(store, listing, found, caption) if found else _nothing(listing)
    more = (
        f'<p><a href="/{listing.slug}">All {total} {escape(listing.title.lower())}</a></p>'
        if total > len(found)
        else ""
    )
    return (
        f'<section aria-labelledby="{listing.slug}"><h2 id="{listing.slug}">{listing.title}</h2>{table}{more}</section>'
    )


def _full(store: Store, listing: Listing, number: int) -> str:
    """One page of a listing, with its neighbors."""
    total = listing.count(store)
    pages = max(-(-total // ON_PAGE), 1)
    number = min(number, pages)
    start = (number - 1) * ON_PAGE
    found = list(islice(iter(listing.find(store)), start, start + ON_PAGE))
    if not found:
        return _nothing(listing)
    table = _table(store, listing, found, f"{start + 1} to {start + len(found)} of {total}, newest first")
    links = []
    if number > 1:
        links.append(f'<a rel="prev" href="?page={number - 1}">Newer</a>')
    if number < pages:
        links.append(f'<a rel="next" href="?page={number + 1}">Older</a>')
    around = f'<nav aria-label="Pages"><p>Page {number} of {pages}. {" ".join(links)}</p></nav>' if links else ""
    return table + around


def _table(store: Store, listing: Listing, records: Iterable[object], caption: str) -> str:
    rows = [listing.row(store, record) for record in records]
    numeric = [isinstance(cell, int) for cell in rows[0]]
    mark = [' class="number"' if is_number else "" for is_number in numeric]
    head = "".join(f'<th scope="col"{mark[place]}>{escape(text)}</th>' for place, text in enumerate(listing.columns))
    body = "".join(
        "<tr>" + "".join(f"<td{mark[place]}>{_cell(cell)}</td>" for place, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide" role="region" aria-label="{escape(listing.title)}" tabindex="0"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f'<a href="{escape(cell.href)}">{escape(cell.text)}</a>'
    if isinstance(cell, State):
        return f'<span class="state {cell.tone}">{escape(cell.text)}</span>'
    if isinstance(cell, Code):
        return f"<code>{escape(cell.text)}</code>"
    return escape(str(cell if cell is not None else ""))


def _nothing(listing: Listing) -> str:
    return f"<p>{escape(listing.empty)}</p>"


def _badge(badge: Badge) -> str:
    """What the earner sees, with the decision that is theirs."""
    facts: list[tuple[str, Cell]] = [
        ("Earner", f"{badge.first_name} {badge.last_name}"),
        ("E-mail", badge.recipient_email),
        ("Issued by", badge.organization.name),
        ("State", State(badge.state, TONES.get(badge.state, "plain"))),
        ("Earned (UTC)", when(badge.issued_at)),
        ("Expires (UTC)", when(badge.expires_at) or "never"),
        ("Shown to everyone", "yes" if badge.public else "no"),
        ("Revoked because", badge.revocation_reason),
        ("Replaced by", Link(badge.replacement, f"/badges/{badge.replacement}") if badge.replacement else None),
        ("Id", Code(badge.uuid)),
    ]
    told = "".join(f"<dt>{label}</dt><dd>{_cell(cell)}</dd>" for label, cell in facts if cell)
    picture = f'<p><img src="/images/{badge.template.uuid}.svg" alt="" width="96" height="96"></p>'
    buttons = ""
    if badge.state == "pending" and badge.replacement is None:
        buttons = "".join(
            f'<form method="post" action="/badges/{badge.uuid}/{deed}"><button>{label}</button></form>'
            for deed, label in (("accept", "Accept the badge"), ("reject", "Decline it"))
        )
    return f"{picture}<dl>{told}</dl>{buttons}"


def _picture(name: str) -> str:
    """A badge with the initials of its template."""
    initials = "".join(word[0] for word in name.split()[:3] if word[0].isalnum()).upper()
    hue = sum(map(ord, name)) * 47 % 360
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120" role="img">'
        f"<title>{escape(name)}</title>"
        f'<path d="M60 4 108 32v56L60 116 12 88V32z" fill="hsl({hue} 55% 32%)"/>'
        f'<path d="M60 14 99 37v46L60 106 21 83V37z" fill="none" stroke="#fff" stroke-width="3"/>'
        '<text x="60" y="71" fill="#fff" font-family="sans-serif" font-weight="700" font-size="32" '
        f'text-anchor="middle">{escape(initials)}</text></svg>'
    )


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    links = [("/", "Overview"), *((f"/{listing.slug}", listing.title) for listing in LISTINGS.values())]
    here = {True: ' aria-current="page"', False: ""}
    items = "".join(f'<li><a href="{href}"{here[text == title]}>{text}</a></li>' for href, text in links)
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} - Credly simulator</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>'
        '<a class="skip" href="#main">Skip to the content</a>'
        '<header><a class="brand" href="/">Credly simulator</a>'
        "<p>A stand-in for tests and demos. Nothing here is real.</p>"
        f'<nav aria-label="Lists"><ul>{items}</ul></nav></header>'
        f'<main id="main"><h1>{escape(title)}</h1>{body}</main>'
        "<footer><p>Reload the page to see what is new. Everything is forgotten when the simulator stops.</p></footer>"
        "</body></html>"
    )
    return HTMLResponse(html, status, HEADERS)
