"""Places in memory as they are, for compiled loops that know where they are: no wrap, no check."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _take(_typing: Any, array: Any, _place: Any) -> Any:
    """One of an array's numbers by its place among all of them, which is not looked after."""

    def generate(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        kind = signature.args[0]
        place = builder.gep(context.make_array(kind)(context, builder, told[0]).data, [told[1]])
        return context.unpack_value(builder, kind.dtype, place)

    return array.dtype(array, types.int64), generate


def _put(_typing: Any, array: Any, _place: Any, _number: Any) -> Any:
    """Writes a number to such a place."""

    def generate(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        kind = signature.args[0]
        place = builder.gep(context.make_array(kind)(context, builder, told[0]).data, [told[1]])
        context.pack_value(builder, kind.dtype, told[2], place)
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), generate


def _take_real(_typing: Any, words: Any, _place: Any) -> Any:
    """The double that is kept in an array of words at such a place."""

    def generate(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        place = builder.gep(context.make_array(signature.args[0])(context, builder, told[0]).data, [told[1]])
        return builder.load(builder.bitcast(place, ir.DoubleType().as_pointer()))

    return types.float64(words, types.int64), generate


def _put_real(_typing: Any, words: Any, _place: Any, _number: Any) -> Any:
    """Writes a double there."""

    def generate(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        place = builder.gep(context.make_array(signature.args[0])(context, builder, told[0]).data, [told[1]])
        builder.store(told[2], builder.bitcast(place, ir.DoubleType().as_pointer()))
        return context.get_dummy_value()

    return types.void(words, types.int64, types.float64), generate


def _rarely(_typing: Any, _condition: Any) -> Any:
    """The condition, of which the compiler is told that it seldom holds."""

    def generate(_context: Any, builder: Any, _signature: Any, told: Any) -> Any:
        bit = ir.IntType(1)
        expect = builder.module.declare_intrinsic("llvm.expect", [bit], ir.FunctionType(bit, [bit, bit]))
        return builder.call(expect, [told[0], ir.Constant(bit, 0)])

    return types.boolean(types.boolean), generate


take: Any = intrinsic(_take)
put: Any = intrinsic(_put)
take_real: Any = intrinsic(_take_real)
put_real: Any = intrinsic(_put_real)
rarely: Any = intrinsic(_rarely)
