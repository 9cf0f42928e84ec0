"""From queries and bodies to messages: every kind of field, and the name of what is at fault."""

import json

import pytest
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from cocite.core.errors import InvalidArgument
from cocite.gateway.json_codec import encoded_of, encoded_value, json_of
from cocite.gateway.methods import Method, open_methods
from cocite.gateway.transcoding import routes_of, value_of_query
from cocite.v1 import feature_service_pb2, paper_pb2
from cocite.v1 import recommender_service_pb2 as pb

KINDS = {
    **{"double": "1.5", "float": "-0.25", "int32": "-7", "int64": "-9007199254740993", "uint32": "4294967295"},
    **{"uint64": "18446744073709551615", "sint32": "-7", "sint64": "-7", "fixed32": "7", "fixed64": "7"},
    **{"sfixed32": "-7", "sfixed64": "-7", "bool": "true", "string": "a&b=c", "bytes": "AP8="},
}


def of_query(query, kind):
    """The message that a query stands for."""
    return kind.FromString(encoded_value(value_of_query(query, kind), kind))


def kind_of_all() -> type:
    """A message with a field of every scalar type, single and repeated."""
    file = descriptor_pb2.FileDescriptorProto(name="all.proto", package="all", syntax="proto3")
    message = file.message_type.add(name="All")
    for number, name in enumerate(KINDS, 1):
        of = getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{name.upper()}")
        message.field.add(name=f"a_{name}", number=number, type=of, label=1)
        message.field.add(name=f"some_{name}", number=number + 100, type=of, label=3)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("all.All"))


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_field_can_be_told_in_a_query(name):
    kind = kind_of_all()
    query = [(f"a_{name}", KINDS[name]), (f"some_{name}", KINDS[name]), (f"some_{name}", KINDS[name])]
    message = of_query(query, kind)
    single, several = getattr(message, f"a_{name}"), getattr(message, f"some_{name}")
    assert single
    assert list(several) == [single, single]
    camel = f"a{name.capitalize()}"
    assert of_query([(camel, KINDS[name])], kind) == kind(**{f"a_{name}": single})
    assert kind.FromString(encoded_of(json_of(message.SerializeToString(), kind), kind)) == message
    assert json.loads(json_of(message.SerializeToString(), kind)) == MessageToDict(message)


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"string", "bytes"}))
def test_what_is_none_of_a_kind_is_refused(name):
    kind = kind_of_all()
    with pytest.raises(InvalidArgument):
        of_query([(f"a_{name}", "x")], kind)


def asked(*query: tuple[str, str]) -> pb.RecommendPapersRequest:
    return of_query(query, pb.RecommendPapersRequest)


def test_fields_of_fields_enums_and_optional_ones():
    expected = pb.RecommendPapersRequest(
        seeds=pb.Seeds(positive_ids=["a", "b"], reference_text="x"),
        filter=pb.PaperFilter(min_year=0, has_abstract=False, venues=["v"]),
        page_size=5,
        view=paper_pb2.PAPER_VIEW_FULL,
        recency=0.5,
    )
    query = [("seeds.positive_ids", "a"), ("filter.minYear", "0"), ("filter.has_abstract", "false"), ("pageSize", "5")]
    rest = [("seeds.positiveIds", "b"), ("filter.venues", "v"), ("view", "PAPER_VIEW_FULL"), ("recency", "0.5")]
    found = asked(*query, *rest, ("seeds.referenceText", "x"))
    assert found == expected
    assert found.filter.HasField("min_year")
    assert asked(("view", "3")).view == paper_pb2.PAPER_VIEW_FULL
    assert not asked().HasField("filter")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ([("nothing", "1")], "nothing: there is no such parameter"),
        ([("seeds.nothing", "1")], "seeds.nothing: there is no such parameter"),
        ([("pageSize.x", "1")], "pageSize.x: pageSize has no parts"),
        ([("seeds.texts.title", "1")], "seeds.texts.title: texts has no parts"),
        ([("seeds.texts", "1")], "seeds.texts: cannot be told in a query"),
        ([("seeds", "1")], "seeds: cannot be told in a query"),
        ([("pageSize", "1"), ("page_size", "2")], "page_size: is given twice"),
        ([("filter.hasAbstract", "yes")], "filter.hasAbstract: must be true or false"),
        ([("", "1")], "there is no such parameter"),
        ([("seeds.", "1")], "there is no such parameter"),
    ],
)
def test_the_parameter_at_fault_is_named(query, said):
    with pytest.raises(InvalidArgument) as refused:
        asked(*query)
    assert said in str(refused.value)
    assert refused.value.field == query[-1][0]


@pytest.mark.parametrize(
    "body", [b"[]", b"1", b"null", b"{", b'{"seeds": 1}', b'{"x": 1}', b"\xff", b"[" * 200_000, b'{"seeds":' * 200_000]
)
def test_a_body_that_is_none_is_refused(body):
    with pytest.raises(InvalidArgument, match=r"^(request|seeds|x): "):
        encoded_of(body, pb.RecommendPapersRequest)


def test_no_body_is_an_empty_request():
    assert encoded_of(b"", pb.GetModelRequest) == b""


def test_methods_have_the_routes_of_their_protos():
    routes = {(each.verb, each.path): each.method.descriptor.name for each in routes_of(open_methods().values())}
    assert routes["GET", "/v1/papers:recommend"] == routes["POST", "/v1/papers:recommend"] == "RecommendPapers"
    assert routes["GET", "/v1/papers:listNew"] == "ListNewPapers"
    assert "BatchPutVectors" not in routes.values()
    (service,) = feature_service_pb2.DESCRIPTOR.services_by_name.values()
    put = Method(service.methods_by_name["BatchPutVectors"], "features", None, None)
    with pytest.raises(NotImplementedError):  # a method is open by a route, or not at all
        list(routes_of([put]))


@pytest.mark.parametrize(
    "rule",
    [
        http_pb2.HttpRule(get="/v1/{name}"),
        http_pb2.HttpRule(put="/v1/x", body="*"),
        http_pb2.HttpRule(post="/v1/x", body="name"),
        http_pb2.HttpRule(get="/v1/x", body="*"),
    ],
    ids=str,
)
def test_a_rule_that_is_not_known_here_is_noticed(rule):
    file = descriptor_pb2.FileDescriptorProto(name="rule.proto", package="rule", syntax="proto3")
    file.message_type.add(name="M")
    method = file.service.add(name="S").method.add(name="Do", input_type=".rule.M", output_type=".rule.M")
    method.options.Extensions[annotations_pb2.http].CopyFrom(rule)
    pool = descriptor_pool.DescriptorPool()
    for each in (descriptor_pb2, http_pb2, annotations_pb2):
        pool.AddSerializedFile(each.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    descriptor = pool.FindServiceByName("rule.S").methods[0]

    class Described:
        """The descriptor, with options as our own pool reads them."""

        name, containing_service = descriptor.name, descriptor.containing_service

        @staticmethod
        def GetOptions():
            return method.options

    with pytest.raises(NotImplementedError, match=r"rule\.S/Do"):
        list(routes_of([Method(Described, "s", None, None)]))


@pytest.mark.parametrize(
    "message",
    [
        pb.GetModelResponse(
            create_time=Timestamp(seconds=1_700_000_000, nanos=5_000_000),
            citation_count=2**60,
            metrics={"a": 0.5, "b": float("nan"), "c": float("inf"), "d": 1e-9},
        ),
        pb.RecommendPapersResponse(
            results=[
                pb.Recommendation(
                    paper=paper_pb2.Paper(title='"\\\x00\u2028\U0001f600', year=0),
                    reasons=[pb.Reason(popularity=pb.Popularity())],
                )
            ],
            fallback=pb.FALLBACK_POPULARITY,
        ),
        pb.ResolvePapersResponse(results=[pb.ResolvedPaper(status=77)]),
    ],
    ids=lambda message: message.DESCRIPTOR.name,
)
def test_json_is_what_google_protobuf_makes_of_it(message):
    text = json_of(message.SerializeToString(), type(message))
    assert json.loads(text) == MessageToDict(message)
    again = type(message).FromString(encoded_of(text, type(message)))
    assert again.SerializeToString(deterministic=True) == message.SerializeToString(deterministic=True)


@pytest.mark.parametrize("seed_cites_result", [True, False])
def test_the_direction_of_a_citation_is_told_both_ways(seed_cites_result):
    message = pb.Reason(direct_citation=pb.DirectCitation(seed_cites_result=seed_cites_result))
    told = {"directCitation": {"seedCitesResult": seed_cites_result}}
    assert json.loads(json_of(message.SerializeToString(), pb.Reason)) == told
