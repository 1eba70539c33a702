package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/message"
)

func TestPostTLVs(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{}
	o := f.options()
	o.TLVs = dlt
	h := NewHTTP(o)
	w := asAcme(h, "POST", "/v1/messages", `{"to":"+46701234567","text":"x","tlvs":{"dlt_entity_id":"1201","user_message_reference":7,"0x1402":"hex:0102"}}`)
	if w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want := []message.TLV{{Tag: 0x1400, Value: []byte("1201")}, {Tag: 0x0204, Value: []byte{0, 7}}, {Tag: 0x1402, Value: []byte{1, 2}}}
	if d := cmp.Diff(want, f.accepted[0].Content.Extra.TLVs); d != "" {
		t.Error(d)
	}
	if w = asAcme(h, "POST", "/v1/messages", `{"to":"+46701234567","text":"x"}`); w.Code != 202 || f.accepted[1].Content.Extra != nil {
		t.Errorf("without tlvs: %d, %+v", w.Code, f.accepted[1].Content.Extra)
	}
	for _, test := range []struct{ tlvs, code, field, detail string }{
		{`{"dlt_entityid":"1"}`, "bad_content", "tlvs.dlt_entityid", "no parameter is named"},
		{`{"dlt_entity_id":"` + strings.Repeat("1", 31) + `"}`, "bad_content", "tlvs.dlt_entity_id", "at most 30"},
		{`{"user_message_reference":70000}`, "bad_content", "tlvs.user_message_reference", "0 to 65535"},
		{`{"0x1402":"xyz"}`, "bad_content", "tlvs.0x1402", "hexadecimal"},
		{`{"0x1400":"31","dlt_entity_id":"1"}`, "bad_content", "tlvs.dlt_entity_id", "another name"},
		{`{"0x0424":"31"}`, "bad_content", "tlvs.0x0424", "Kurir itself"},
		{`{"dlt_entity_id":1.5}`, "wrong_type", "tlvs.dlt_entity_id", "a whole number"},
		{`{"dlt_entity_id":true}`, "wrong_type", "tlvs.dlt_entity_id", "a boolean"},
		{`{"dlt_entity_id":"1","dlt_entity_id":"2"}`, "given_twice", "tlvs.dlt_entity_id", "twice"},
		{`["dlt_entity_id"]`, "wrong_type", "tlvs", "an array"},
	} {
		w := asAcme(h, "POST", "/v1/messages", `{"to":"+46701234567","text":"x","tlvs":`+test.tlvs+`}`)
		d := readProblemDocument(t, w)
		if w.Code < 400 || w.Code > 422 || d.Code != test.code || first(d) != test.field || !strings.Contains(w.Body.String(), test.detail) {
			t.Errorf("%s: %d %s", test.tlvs, w.Code, w.Body)
		}
	}
}

// TestShowTLVs: a message shows its parameters as they may be given.
func TestShowTLVs(t *testing.T) {
	t.Parallel()
	m := &message.Message{Content: message.Content{Extra: &message.Extra{TLVs: []message.TLV{
		{Tag: 0x1400, Value: []byte("1201")}, {Tag: 0x1499, Value: []byte{255}},
	}}}}
	v := view(m, m.State, true, dlt())
	if d := cmp.Diff(map[string]string{"dlt_entity_id": "1201", "0x1499": "hex:ff"}, v.TLVs); d != "" {
		t.Error(d)
	}
	b, err := json.Marshal(viewInbound(&message.Inbound{Content: m.Content}, dlt()))
	if err != nil || !strings.Contains(string(b), `"tlvs":{"0x1499":"hex:ff","dlt_entity_id":"1201"}`) {
		t.Errorf("%s, %v", b, err)
	}
	if b, _ = json.Marshal(viewInbound(&message.Inbound{}, nil)); strings.Contains(string(b), "tlvs") {
		t.Errorf("no parameters: %s", b)
	}
}

func TestKannelExtra(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{}
	o := f.options()
	o.TLVs = dlt
	h := NewHTTP(o)
	send := func(more string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, kannelBase+"&to=%2B46701234567&text=hi"+more, nil))
		return w
	}
	for _, test := range []struct {
		more string
		want *message.Extra
	}{
		{"", nil},
		{"&pid=0&rpi=0", nil},
		{"&pid=65&rpi=1", &message.Extra{ProtocolID: 0x41, ESMClass: 0x80}},
		{"&meta-data=%3Fsmpp%3Fdlt_entity_id%3D1201%26dlt_template_id%3Da%252Bb", &message.Extra{TLVs: []message.TLV{{Tag: 0x1400, Value: []byte("1201")}, {Tag: 0x1401, Value: []byte("a+b")}}}},
		{"&mwi=0", &message.Extra{Coding: 0xD8}},
		{"&mwi=6", &message.Extra{Coding: 0xC2}},
		{"&mwi=1&text=&coding=2", &message.Extra{Coding: 0xE9}},
		{"&meta-data=%3Fhttp%3Fx%3D1%3Fsmpp%3F", nil},
	} {
		if w := send(test.more); w.Code != 202 {
			t.Fatalf("%s: %d %s", test.more, w.Code, w.Body)
		}
		if d := cmp.Diff(test.want, f.accepted[len(f.accepted)-1].Content.Extra); d != "" {
			t.Errorf("%s: %s", test.more, d)
		}
	}
	for _, meta := range []string{"smpp", "%3Fsmpp", "%3Fsmpp%3Fwhat%3D1", "%3Fsmpp%3Fdlt_entity_id"} {
		if w := send("&meta-data=" + meta); w.Code != 400 || w.Body.String() != kannelBadMeta {
			t.Errorf("%s: %d %s", meta, w.Code, w.Body)
		}
	}
}
