"""The client: the only code that sends. It paces, bounds, masks and records every exchange."""

from __future__ import annotations

import contextlib
import itertools
import platform
import socket
import ssl
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import lru_cache

import httpx

from conformance import __version__
from conformance.budget import Budget
from conformance.clock import Clock
from conformance.credential import ANONYMOUS, Credential
from conformance.exchange import GATEWAY, Exchange, Fields, Request, Response, Tags
from conformance.hands import Hands
from conformance.history import Recorder
from conformance.pace import Pace
from conformance.reach import NO_END
from conformance.secrets import Masker

LONGEST_BODY = 256 * 1024  # bytes of an answer that are read and kept
LOST_AFTER = 8  # requests in a row without an answer: the target is lost
PAUSE = 1.0  # seconds before what a gateway failed at is sent again: it may be back by then
PAUSES = 5  # of a run: whoever always fails is not waited for
OCTETS = "latin-1"  # an octet of a field's value for each letter
GRACE = 1.0  # seconds that a hand may take beyond the timeout before it is left behind


USUAL = (  # what every request says, where it says nothing else of it
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Connection", "keep-alive"),
)


class TargetLost(Exception):
    """The target no longer answers; the message says what was seen last."""


class BudgetSpent(Exception):
    """--max-requests is reached."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request to be sent, and what it is."""

    method: str
    path: str  # below the base path, without the query
    query: tuple[tuple[str, str], ...] | str = ()
    fields: Fields = ()
    body: bytes | None = None
    chunks: Iterable[bytes] | None = None  # a body that arrives in parts, instead of body
    credential: Credential = ANONYMOUS
    tags: Tags = Tags()
    connection: str = "main"  # requests of one name share connections; fresh: one of its own


@dataclass(kw_only=True)
class Settings:
    """What the client needs to know of the target."""

    base: str  # base URL and base path
    timeout: float
    insecure: bool = False
    headers: Fields = ()
    run: str = ""
    max_requests: int | None = None
    local: bool = False  # an embedded server: no proxy stands before it


@dataclass
class _Count:
    sent: int = 0
    unanswered: int = 0
    pauses: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Client:
    """Sends calls one at a time or at once, and records each exchange with its keys masked."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        pace: Pace,
        masker: Masker,
        recorder: Recorder,
        budget: Budget,
    ) -> None:
        self.clock = clock
        self.pace = pace
        self._settings = settings
        self._masker = masker
        self._recorder = recorder
        self._budget = budget
        self._hands = Hands()
        self._count = _Count()
        self._numbers = itertools.count(1)
        self._pools: dict[str, httpx.HTTPTransport] = {}
        self.latency = 0.0  # seconds that an answer takes, lately
        self._context = _context(settings)
        self._proxy = None if settings.local else proxy_for(settings.base)
        self._usual = (*USUAL, ("User-Agent", self._agent()))

    def number_from(self, first: int) -> None:
        """Number exchanges from here on, apart from those of other workers."""
        self._numbers = itertools.count(first + 1)

    def send(self, call: Call) -> Exchange:
        """Send one request and wait for its end; once more if the gateway failed or it was lost."""
        return self.repeated(call, self.attempt(call))

    def repeated(self, call: Call, exchange: Exchange) -> Exchange:
        """What a call came to: sent once more if the gateway failed or its answer was lost."""
        if _transient(exchange) and not call.chunks:
            self._pause()
            again = replace(call.tags, repeats=exchange.number)
            return self.attempt(replace(call, tags=again))
        return exchange

    def _pause(self) -> None:
        """Give the way to the target a moment, a few times in a run."""
        with self._count.lock:
            self._count.pauses += 1
            waits = self._count.pauses <= PAUSES
        if waits:
            self.clock.sleep(PAUSE)

    def attempt(self, call: Call) -> Exchange:
        """Send one request, once."""
        return self.result(self.start(call), call)

    def send_at_once(self, calls: Sequence[Call]) -> list[Exchange]:
        """Send requests together, as far as the pace allows, and wait for all."""
        most = self.pace.burst or len(calls) or 1
        done: list[Exchange] = []
        for batch in _batches(calls, most):
            self.pace.reserve(len(batch))
            started = [(self._start(call), call) for call in batch]
            done += [self.result(future, call) for future, call in started]
        return done

    def send_all(self, calls: Iterable[Call]) -> list[Exchange]:
        """Send each request as soon as the pace allows it, and wait for all together."""
        begun = [(self.start(call), call) for call in calls]
        return [self.result(future, call) for future, call in begun]

    def start(self, call: Call) -> Future[Exchange]:
        """Begin to send; the exchange is recorded when it ends."""
        self.pace.reserve()
        return self._start(call)

    def result(self, future: Future[Exchange], call: Call) -> Exchange:
        """Wait for a request that was begun; one that has no end is recorded as unanswered."""
        with contextlib.suppress(TimeoutError):
            return future.result(self._settings.timeout + GRACE)
        if not future.cancel():
            return future.result()
        self._drop(call.connection)
        now = self.clock.now()
        exchange = self._exchange(call, now - self._settings.timeout, now, None, None, NO_END)
        return self._recorded(exchange)

    def close(self) -> None:
        """Close every connection, and let the threads that send end."""
        self._hands.close()
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    def _start(self, call: Call) -> Future[Exchange]:
        with self._count.lock:
            most = self._settings.max_requests
            if most is not None and self._count.sent >= most:
                raise BudgetSpent(f"--max-requests {most} is reached")
            self._count.sent += 1
        pool = self._pool(call.connection)
        return self._hands.submit(lambda: self._exchanged(pool, call), self._recorded)

    def _exchanged(self, pool: httpx.HTTPTransport, call: Call) -> Exchange:
        started = self.clock.now()
        try:
            response, connection = self._received(pool, call)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
            failure = self._masker.text(f"{type(error).__name__}: {error}"[:300])
            return self._exchange(call, started, self.clock.now(), None, None, failure)
        finally:
            if call.connection == "fresh":
                pool.close()
        return self._exchange(call, started, self.clock.now(), response, connection, None)

    def _received(self, pool: httpx.HTTPTransport, call: Call) -> tuple[Response, str | None]:
        deadline, fields = time.monotonic() + self._settings.timeout, self._fields(call)
        request = httpx.Request(
            call.method,
            _url(self._settings.base + self._target(call)),
            headers=[(name.encode(OCTETS), value.encode(OCTETS)) for name, value in fields],
            content=call.body if call.chunks is None else iter(call.chunks),
            extensions={"timeout": httpx.Timeout(self._settings.timeout).as_dict()},
        )
        response = pool.handle_request(request)
        connection = _connection(response)  # while it is open
        _acknowledge(response)
        try:
            body, truncated = _read(response, deadline)
        finally:
            response.close()
        return self._response(response, body, truncated, call), connection

    def _target(self, call: Call) -> str:
        query = call.query
        if not isinstance(query, str):
            query = urllib.parse.urlencode([*query, *call.credential.query])
        elif call.credential.query:
            query = f"{query}&{urllib.parse.urlencode(call.credential.query)}"
        return f"{call.path}?{query}" if query else call.path

    def _fields(self, call: Call) -> list[tuple[str, str]]:
        given = [*self._settings.headers, *call.credential.fields, *call.fields]
        names = {name.lower() for name, _ in given}
        return [*(one for one in self._usual if one[0].lower() not in names), *given]

    def _exchange(
        self,
        call: Call,
        started: float,
        ended: float,
        response: Response | None,
        connection: str | None,
        failure: str | None,
    ) -> Exchange:
        secrets = call.credential.secrets
        base_path = urllib.parse.urlsplit(self._settings.base).path
        target, *fields = self._masker.texts(
            [base_path + self._target(call), *_parts(call.credential.fields + call.fields)], secrets
        )
        request = Request(
            method=call.method,
            target=target,
            fields=tuple(zip(fields[::2], fields[1::2], strict=True)),
            body=self._masker.mask(call.body, secrets) if call.body else b"",
        )
        credential = call.credential
        tags = replace(
            call.tags, credential=credential.name, key=credential.key, form=credential.form
        )
        with self._count.lock:
            number = next(self._numbers)
        return Exchange(
            number=number,
            request=request,
            response=response,
            started=started,
            ended=ended,
            tags=tags,
            connection=connection,
            failure=failure,
        )

    def _response(
        self, response: httpx.Response, body: bytes, truncated: bool, call: Call
    ) -> Response:
        secrets = call.credential.secrets
        fields = tuple(
            (name.decode(OCTETS), value.decode(OCTETS)) for name, value in response.headers.raw
        )
        if not self._masker.clean([body, *_parts(fields)], secrets):
            masked = self._masker.texts(_parts(fields), secrets)
            fields = tuple(zip(masked[::2], masked[1::2], strict=True))
            body = self._masker.mask(body, secrets)
        return Response(
            status=response.status_code,
            fields=fields,
            body=body,
            version=response.http_version,
            reason=response.reason_phrase,
            truncated=truncated,
        )

    def _recorded(self, exchange: Exchange) -> Exchange:
        with self._count.lock:
            self._recorder.exchange(exchange)
            lost = exchange.response is None
            self._count.unanswered = self._count.unanswered + 1 if lost else 0
            if self._count.unanswered >= LOST_AFTER:
                raise TargetLost(
                    f"{LOST_AFTER} requests in a row got no answer: {exchange.failure}"
                )
        if exchange.tags.group != "in-flight" and exchange.response is not None:
            self.latency += (exchange.ended - exchange.started - self.latency) / 8
        self._budget.see(exchange)
        return exchange

    def _pool(self, name: str) -> httpx.HTTPTransport:
        if name == "fresh":
            return self._new_pool()
        if name not in self._pools:
            self._pools[name] = self._new_pool()
        return self._pools[name]

    def _drop(self, name: str) -> None:
        """Close connections that a target holds, which ends the hand that waits on them."""
        if name in self._pools:
            self._pools.pop(name).close()

    def _new_pool(self) -> httpx.HTTPTransport:
        """Connections that send what they are given: no cookies, no redirects, nothing else."""
        return httpx.HTTPTransport(
            verify=self._context,
            proxy=self._proxy,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        )

    def _agent(self) -> str:
        python = platform.python_version()
        return f"bugzy-conformance/{__version__} (run {self._settings.run}; python {python})"


def _parts(fields: Fields) -> Iterator[str]:
    """Names and values in turn."""
    return itertools.chain.from_iterable(fields)


_url = lru_cache(maxsize=512)(httpx.URL)  # to take one apart is a tenth of what a request costs


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for a URL, if any (HTTP_PROXY, NO_PROXY and so on)."""
    parts = urllib.parse.urlsplit(url)
    if urllib.request.proxy_bypass(parts.netloc):
        return None
    named = urllib.request.getproxies()
    proxy = named.get(parts.scheme) or named.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def _context(settings: Settings) -> ssl.SSLContext:
    """One TLS context for all connections: making one is what makes a new client slow."""
    if settings.local:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used: it need not read certificates
    context = ssl.create_default_context()
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _read(response: httpx.Response, deadline: float) -> tuple[bytes, bool]:
    """The body, decoded, up to a bound in size and time."""
    body = bytearray()
    for chunk in response.iter_bytes():  # as they come: a body that drips has to be left in time
        body += chunk
        if len(body) > LONGEST_BODY:
            return bytes(body[:LONGEST_BODY]), True
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the body did not end in time")
    return bytes(body), False


def _connection(response: httpx.Response) -> str | None:
    stream = response.extensions.get("network_stream")
    address = stream.get_extra_info("client_addr") if stream is not None else None
    return f"{address[0]}:{address[1]}" if address else None


def _acknowledge(response: httpx.Response) -> None:
    """Acknowledge the head at once (RFC 9293, 3.8.6.3), where the system lets us.

    A server that sends the body in a segment of its own waits for that: 40 ms for every answer.
    """
    stream = response.extensions.get("network_stream")
    plain = stream.get_extra_info("socket") if stream is not None else None
    if plain is not None and hasattr(socket, "TCP_QUICKACK"):
        with contextlib.suppress(OSError):  # it is closed already, and needs no haste
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _transient(exchange: Exchange) -> bool:
    """Whether the way there may have failed: no answer, or a gateway's (RFC 9110, 15.6)."""
    return exchange.response is None or exchange.status in GATEWAY


def _batches(calls: Sequence[Call], size: int) -> Iterator[Sequence[Call]]:
    for start in range(0, len(calls), size):
        yield calls[start : start + size]
