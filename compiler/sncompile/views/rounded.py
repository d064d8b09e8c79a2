"""Amounts for people, no finer than they can be trusted."""

from __future__ import annotations


def size_text(size: int) -> str:
    """Bytes for people.

    >>> size_text(0), size_text(12_288), size_text(2_097_152)
    ('0 B', '12 kB', '2.1 MB')
    """
    if size < 1000:
        return f"{size} B"
    power = min((len(str(size)) - 1) // 3, 4)
    amount, unit = size / 1000**power, ("kB", "MB", "GB", "TB")[power - 1]
    return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:.0f} {unit}"


def time_text(seconds: float) -> str:
    """A time that is known roughly.

    >>> time_text(0.2), time_text(47.3), time_text(400), time_text(7890), time_text(400_000)
    ('a second', '47 s', '7 min', '2 h 10 min', '4 days 15 h')
    """
    if seconds < 1.5:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        hours, tens = divmod(round(seconds / 600), 6)
        return f"{hours} h {tens}0 min" if tens else f"{hours} h"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} days {hours} h" if hours else f"{days} days"
