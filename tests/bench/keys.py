"""Every figure that is measured: its aim, and which measurement brings it."""
import dataclasses
import typing

import measure_calls
import measure_memory
import measure_speed

AT_MOST, AT_LEAST, STATED = "≤", "≥", ""


@dataclasses.dataclass
class Key:
    """One figure. ${aim} is a number, or the other key and factor that it is held against."""
    name: str
    measure: typing.Callable
    relation: str = STATED
    aim: object = None
    digits: int = 2
    is_long: bool = False

    def limit(self, figures):
        """The aim as a number, None when there is none or what it needs was not measured."""
        if isinstance(self.aim, tuple):
            other, factor = self.aim
            return factor * figures[other] if other in figures else None
        return self.aim

    def aim_text(self, figures):
        limit = self.limit(figures)
        if limit is None:
            return "stated"
        times = f" ({self.aim[1]} × {self.aim[0]})" if isinstance(self.aim, tuple) else ""
        return f"{self.relation} {round(limit, self.digits if times else 4):,}{times}"

    def value_text(self, figures):
        return f"{figures[self.name]:,.{self.digits}f}"

    def met(self, figures):
        limit = self.limit(figures)
        if limit is None:
            return None
        value = figures[self.name]
        return value <= limit if self.relation == AT_MOST else value >= limit


KEYS = [
    Key("calls_per_new_user", measure_calls.new_user, AT_MOST, 2.2, 3),
    *(Key(f"calls_per_new_user_{name}", measure_calls.new_user, digits=3)
      for name in measure_calls.SERVICES),
    Key("calls_per_new_user_limited", measure_calls.new_user_limited, AT_MOST, 2.4, 3, True),
    Key("calls_per_ready_event", measure_calls.ready_event, AT_MOST, 0.06, 4),
    Key("calls_per_ready_event_checked", measure_calls.ready_event_checked, AT_MOST, 0.11, 4),
    Key("ready_look_10k_s", measure_speed.ready_look, AT_MOST, ("bare_parse_10k_s", 1.1), 3),
    Key("ready_look_10k_cpu_s", measure_speed.ready_look, AT_MOST, 0.12, 3),
    Key("bare_parse_10k_s", measure_speed.ready_look, digits=3),
    Key("ready_look_10k_50ms_s", measure_speed.ready_look_slow, AT_MOST, 0.25, 3),
    Key("ready_10k_s", measure_speed.ready_both, AT_MOST, 0.5, 3),
    Key("replay_events_per_cpu_s", measure_speed.replay, AT_LEAST, 280_000, 0),
    Key("replay_1m_s", measure_speed.replay, AT_MOST, 4),
    Key("replay_rss_mib", measure_speed.replay, AT_MOST, 40, 1),
    Key("replay_rss_small_batches_mib", measure_speed.replay_small_batches, digits=1),
    Key("replay_calls", measure_speed.replay, AT_MOST, 1200, 0),
    Key("replay_ratio_to_bare", measure_speed.replay, AT_LEAST, 0.7),
    Key("bare_parse_events_per_cpu_s", measure_speed.replay, digits=0),
    Key("bare_parse_1m_s", measure_speed.replay),
    Key("new_users_per_s", measure_speed.new_users, digits=0),
    Key("rss_mib_100k", measure_memory.unsettled, AT_MOST, 48, 1),
    Key("bytes_per_event", measure_memory.unsettled, digits=0),
    Key("rss_mib_idle", measure_memory.idle, AT_MOST, 14, 1),
    Key("rss_mib_idle_tls", measure_memory.idle_tls, AT_MOST, 18, 1),
    Key("start_to_settled_ms", measure_speed.start, AT_MOST, 200, 0),
    Key("bare_start_to_settled_ms", measure_speed.start, digits=0),
]
