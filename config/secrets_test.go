package config

import (
	"reflect"
	"testing"
)

// TestSealTextsOnly: a secret that JSON gives as a number or otherwise is refused by its field: it would have lost
// digits, and would be kept in plain text.
func TestSealTextsOnly(t *testing.T) {
	t.Parallel()
	for field, value := range map[string]map[string]any{
		"password":      {"password": float64(12345678)},
		"smpp.password": {"smpp": map[string]any{"password": float64(1)}},
		"api_keys[1]":   {"api_keys": []any{"key", float64(12345678901234567890)}},
		"api_keys[0]":   {"api_keys": []any{true}},
	} {
		if _, refused := Seal("accounts", value, nil); refused == nil || len(refused.Problems) != 1 || refused.Problems[0].Field != field {
			t.Errorf("%s: %+v", field, refused)
		}
	}
	if _, refused := Seal("accounts", map[string]any{"password": nil, "rate": float64(5)}, nil); refused != nil {
		t.Errorf("no password: %v", refused)
	}
}

// TestParseValueKeepsDigits: numbers that JSON would write in another way stay texts as they stand in the file, so that
// a password, a code or a phone number keeps its zeros, its plus and all its digits.
func TestParseValueKeepsDigits(t *testing.T) {
	t.Parallel()
	got, err := ParseValue([]byte("{a: 0123, b: +46701234567, c: 12345678901234567890, d: 0.50, e: 7, f: 0.5, g: -3, h: 46701234567, i: 1e3, j: ~}"))
	want := map[string]any{
		"a": "0123", "b": "+46701234567", "c": "12345678901234567890", "d": "0.50", "e": float64(7), "f": 0.5, "g": float64(-3),
		"h": float64(46701234567), "i": "1e3", "j": nil,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
}

// A secret of what is a list's stays the same one when others of the list go, and by whatever stars it is shown.
func TestSealInLists(t *testing.T) {
	t.Parallel()
	modem := func(pin string) any { return map[string]any{"pin": pin} }
	old := map[string]any{"kind": "modem", "modems": []any{modem("1111"), modem("2222")}}
	shown := Hide("connectors", old)
	list := shown["modems"].([]any)
	if pin := list[1].(map[string]any)["pin"]; pin != "***modems[1].pin" {
		t.Errorf("it is shown as %v", pin)
	}
	shown["modems"] = []any{list[1], modem("3333")}
	sealed, refused := Seal("connectors", shown, old)
	if want := []any{modem("2222"), modem("3333")}; refused != nil || !reflect.DeepEqual(sealed["modems"], want) {
		t.Errorf("sealed: %v, %v", sealed, refused)
	}
}
