"""The alarm kernel: whole arrays of readings in, transitions out.

Rules are declared (`Rule`), laid into a `RuleTable` and judged against a `KernelState`. It reads no clock
and does no input or output.
"""

from anlan.rules.declaration import Band, Rule, RuleError, Threshold, Window
from anlan.rules.kernel import Verdict, judge, sweep, warm
from anlan.rules.packing import from_bytes, to_bytes
from anlan.rules.rows import RULE_ROW
from anlan.rules.schedule import Schedule, Span
from anlan.rules.state import NEVER, RAISED, STATE_ROW, KernelState
from anlan.rules.states import Kind, Ledger, Level
from anlan.rules.table import RuleTable
from anlan.rules.transition import TRANSITION

__all__ = [
    "NEVER",
    "RAISED",
    "RULE_ROW",
    "STATE_ROW",
    "TRANSITION",
    "Band",
    "KernelState",
    "Kind",
    "Ledger",
    "Level",
    "Rule",
    "RuleError",
    "RuleTable",
    "Schedule",
    "Span",
    "Threshold",
    "Verdict",
    "Window",
    "from_bytes",
    "judge",
    "sweep",
    "to_bytes",
    "warm",
]
