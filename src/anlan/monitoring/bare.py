"""Arrays inside compiled code without the cost of counting who holds them."""

from typing import Any

from numba.core.cgutils import get_null_value
from numba.extending import intrinsic
from numba.np.arrayobj import make_array


@intrinsic
def bare(_typing: Any, array: Any) -> Any:
    """The same array, not counted: to be used only while the caller holds it. Counting costs more than reading."""

    def written(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        found = make_array(array)(context, builder, arguments[0])
        found.meminfo = get_null_value(found.meminfo.type)
        return found._getvalue()

    return array(array), written
