"""Resolutions that are kept: fresh, refreshed ahead of time, and served stale while the source says nothing."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from ai_integrations_client.errors import AiIntegrationsClientError, ResolutionError, UnavailableError
from ai_integrations_client.freshness import Freshness, Slot
from ai_integrations_client.machine import Machine
from ai_integrations_client.resolved import ResolvedIntegration
from ai_integrations_client.source import Question

logger = logging.getLogger("ai_integrations_client")

Concerns = Callable[[Question, ResolvedIntegration | None], bool]


class Cache:
    """Keeps what `fetch` returns. For each question there is one fetch at a time, whoever waits for it."""

    def __init__(
        self, fetch: Callable[[Question], ResolvedIntegration], freshness: Freshness, machine: Machine
    ) -> None:
        self._fetch = fetch
        self._freshness = freshness
        self._machine = machine
        self._slots: dict[Question, Slot] = {}
        self._lock = threading.Lock()

    def get(self, question: Question) -> ResolvedIntegration:
        """Return what is kept, or what the source says."""
        with self._lock:
            now = self._machine.clock()
            slot = self._slots.setdefault(question, Slot())
            value, fresh = slot.usable(now), slot.fresh(now)
            if value is not None and not slot.due(now):
                return value
            flight, is_new = slot.board()
        if is_new:
            self._machine.spawn(partial(self._fly, question, slot, flight))
        return value if value is not None and fresh else self._wait(slot, flight)

    def doubt(self, concerns: Concerns) -> int:
        """Ask again at the next use of what is concerned; return how many."""
        with self._lock:
            found = [slot for question, slot in self._slots.items() if concerns(question, slot.value)]
            for slot in found:
                slot.doubt()
        return len(found)

    def forget(self, concerns: Concerns) -> int:
        """Forget what is concerned; return how many."""
        with self._lock:
            found = [question for question, slot in self._slots.items() if concerns(question, slot.value)]
            for question in found:
                self._slots.pop(question).flight = None
        return len(found)

    def _wait(self, slot: Slot, flight: Future[ResolvedIntegration]) -> ResolvedIntegration:
        with self._lock:
            patience = self._freshness.patience if slot.usable(self._machine.clock()) else None
        try:
            return flight.result(patience)
        except UnavailableError as error:
            unavailable = error
        except TimeoutError:
            unavailable = UnavailableError("it takes too long")
        with self._lock:
            kept = slot.usable(self._machine.clock())
            self._retry_later(slot)
        if kept is None:
            raise unavailable
        return kept

    def _fly(self, question: Question, slot: Slot, flight: Future[ResolvedIntegration]) -> None:
        try:
            value = self._fetch(question)
        except AiIntegrationsClientError as error:
            self._note_failure(question, slot, flight, error)
            flight.set_exception(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait have to hear of it
            unavailable = UnavailableError(type(error).__name__)
            self._note_failure(question, slot, flight, unavailable)
            flight.set_exception(unavailable)
        else:
            self._note_success(slot, flight, value)
            flight.set_result(value)

    def _note_success(self, slot: Slot, flight: Future[ResolvedIntegration], value: ResolvedIntegration) -> None:
        with self._lock:
            if slot.flight is flight:
                now = self._machine.clock()
                slot.keep(value, self._freshness.life(now, value.expires_at, self._machine.random()))
                self._drop_unusable(now)

    def _note_failure(
        self, question: Question, slot: Slot, flight: Future[ResolvedIntegration], error: AiIntegrationsClientError
    ) -> None:
        with self._lock:
            if slot.flight is not flight:
                return
            slot.flight = None
            self._retry_later(slot)
            if isinstance(error, ResolutionError):
                slot.value = None
            if slot.value is None:
                del self._slots[question]
            else:
                logger.warning("%s could not be renewed. %s", question.integration, error)

    def _retry_later(self, slot: Slot) -> None:
        slot.patient_until = self._machine.clock() + self._freshness.jittered(
            self._freshness.retry, self._machine.random()
        )

    def _drop_unusable(self, now: float) -> None:
        """Keep no keys in memory that nothing may be done with any more."""
        for question, slot in list(self._slots.items()):
            if slot.flight is None and slot.usable(now) is None:
                del self._slots[question]
