package message

import (
	"maps"
	"strings"
	"testing"
)

// A message's own dimensions come first, then those of its parameters, then its account's; what is required and
// missing, not known or not allowed is refused and named.
func TestCostDimensions(t *testing.T) {
	t.Parallel()
	tlvs := NewTLVDictionary([]TLVDefinition{{Name: "project", Tag: "0x1401", Type: "cstring"}})
	known := NewCostDimensions([]CostDimension{
		{Name: "cost_centre", Values: []string{"4711", "4712"}, Required: true, SMPP: ServiceTypeField},
		{Name: "project", SMPP: "project"},
		{Name: "bill", SMPP: "billing_identification"},
	}, tlvs)
	billed := &Extra{ServiceType: "4712", TLVs: []TLV{{0x1401, []byte("x=1\x00")}, {0x060B, []byte("\x01b7")}}}
	for _, c := range []struct {
		account string
		own     map[string]string
		x       *Extra
		want    string
		field   string // at fault
	}{
		{account: "cost_centre=4711", want: "cost_centre=4711"},
		{account: "cost_centre=4711", own: map[string]string{"project": "R&D"}, want: "cost_centre=4711;project=R&D"},
		{account: "cost_centre=4711;project=a", own: map[string]string{"cost_centre": "4712", "project": "b"}, want: "cost_centre=4712;project=b"},
		{x: billed, want: "bill=b7;cost_centre=4712;project=x=1"},
		{own: map[string]string{"cost_centre": "4711"}, x: billed, want: "bill=b7;cost_centre=4711;project=x=1"},
		{account: "project=a", field: "dimensions.cost_centre"},
		{own: map[string]string{"project": "a"}, field: "dimensions.cost_centre"},
		{own: map[string]string{"cost_centre": "4713"}, field: "dimensions.cost_centre"},
		{x: &Extra{ServiceType: "CMT"}, field: "dimensions.cost_centre"},
		{own: map[string]string{"cost_centre": "4711", "project": "a;b"}, field: "dimensions.project"},
		{own: map[string]string{"cost_centre": "4711", "project": strings.Repeat("x", 65)}, field: "dimensions.project"},
		{own: map[string]string{"cost_centre": "4711", "project": ""}, field: "dimensions.project"},
		{own: map[string]string{"cost_centre": "4711", "team": "a"}, field: "dimensions"},
	} {
		before := maps.Clone(c.own)
		got, f := known.Of(Dimensions(c.account), c.own, c.x)
		switch {
		case (f != nil) != (c.field != "") || f != nil && (f.Kind != BadDimension || f.Field != c.field):
			t.Errorf("%+v: refused as %+v, want %q", c, f, c.field)
		case f == nil && string(got) != c.want:
			t.Errorf("%+v: %s", c, got)
		case !maps.Equal(before, c.own):
			t.Errorf("%+v: what the request said is changed", c)
		}
	}
	if got := DimensionsOf(known.Known("cost_centre=9;project=a;team=x")); got != "project=a" {
		t.Errorf("known of those is %q", got)
	}
	var none *CostDimensions
	if _, f := none.Of("", map[string]string{"a": "b"}, nil); f == nil || f.Field != "dimensions" {
		t.Errorf("without dimensions one is named: %v", f)
	}
	if d, f := none.Of("", nil, billed); d != "" || f != nil {
		t.Errorf("without dimensions: %q, %v", d, f)
	}
	if v := Dimensions("a=1;b=2=3").Value("b"); v != "2=3" {
		t.Errorf("b is %q", v)
	}
}
