"""Any field, anything typed, and anything an event could carry: what the properties of rules are asked about."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from credly_badges.rules.fields import Field, FieldType
from credly_badges.rules.language import InvalidRule, compile_rule
from credly_badges.rules.operators import operators_for

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
# Enough to be awkward; the whole of Unicode would take Hypothesis longer to load than all these tests to run.
ALPHABET = "abZé日٣ \u00a0\u200d0189+-.:/,;\"'“%*?[]!_{}()"
UNITS = {FieldType.NUMBER: "%"}

fields = st.sampled_from([Field(f"fact.{kind}", f"The {kind}", kind, unit=UNITS.get(kind, "")) for kind in FieldType])

numbers = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000).map(str)
days = st.dates().map(str)
moments = st.datetimes(timezones=st.just(UTC)).map(lambda when: when.isoformat())
course_keys = st.builds("course-v1:{}+{}+{}".format, *[st.sampled_from(["edX", "MITx", "é"])] * 3)
words = st.text(ALPHABET, min_size=1, max_size=8)
anything = st.text(ALPHABET + "\x00\t\n\r\u2028\ud800", max_size=20)
quoted = words.map(lambda word: '"' + word.replace('"', '""') + '"')
globs = st.text("ab*?[]!-", min_size=1, max_size=12)
whole_days = st.integers(1, 36_500).map(str)
single = st.one_of(
    numbers, days, moments, course_keys, words, quoted, globs, whole_days, st.sampled_from(["yes", "no", "80 %"])
)
typed = st.one_of(st.lists(single, max_size=3).map(", ".join), anything)

fitting = {
    FieldType.NUMBER: numbers,
    FieldType.BOOLEAN: st.sampled_from(["yes", "no", "TRUE", "off"]),
    FieldType.DATE: days | moments,
    FieldType.COURSE_KEY: course_keys,
    FieldType.TEXT: words | globs,
}
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), single, anything),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
odd_values = json_values | st.datetimes() | st.dates() | st.decimals() | st.binary(max_size=3) | st.builds(object)


@st.composite
def fields_and_rules(draw):
    """A field and a rule about it that somebody could have set."""
    field = draw(fields)
    operator = draw(st.sampled_from(operators_for(field.type)))
    texts = draw(st.lists(fitting[field.type], min_size=1, max_size=2))
    for text in (", ".join(texts), ", ".join(reversed(texts)), texts[0], "30", ""):
        try:
            return field, compile_rule(field, operator, text)
        except InvalidRule:
            continue
    return field, compile_rule(field, "exists", "")


def events_for(field):
    """Attributes in which the field is sometimes right, sometimes odd, sometimes not there."""
    right = {
        FieldType.NUMBER: st.integers(-1000, 1000) | st.floats(-1000, 1000) | numbers,
        FieldType.BOOLEAN: st.booleans(),
    }.get(field.type, fitting[field.type])
    return st.one_of(
        right.map(lambda value: {field.path: value}),
        odd_values.map(lambda value: {field.path: value}),
        st.just({}),
    )
