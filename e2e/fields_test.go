package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

// TestFields: what SMPP says beyond a text goes from customers to the operator as the link's configuration says, also
// for a message that waited on disk over a restart.
func TestFields(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{
		more: "tlvs:\n  - {name: dlt_entity_id, tag: 0x1400, type: string, max: 30}\n  - {name: dlt_template_id, tag: 0x1401, type: string, max: 30}",
		link: `, service_type: CMT, pass: [service_type, protocol_id, reply_path], max_validity: 1h, alphabet: latin1, ` +
			`tlvs: {pass: [user_message_reference, dlt_entity_id], map: {dlt_template_id: 0x1501}, set: {more_messages_to_send: 0}}, ` +
			`source: [{match: ACME, replace: "72345", ton: 3, npi: 0}]`,
		account: `, tlvs: {dlt_entity_id: "1201"}, smpp: {alphabet: utf8}, predefined: {7: "` + textMark + ` ring"}`,
	})
	linked(t, sim)
	e := bindTo(t, s.smpp, smpp.Transceiver)

	m := shortText("46701000001", "ref-1 på "+textMark)
	m.ServiceType, m.ProtocolID, m.ESMClass = "VMN", 0x41, 0x80
	m.TLVs.SetU16(smpp.TagUserMessageReference, 77)
	m.TLVs.Set(0x1401, []byte("1107"))
	m.TLVs.Set(0x1402, []byte("not passed"))
	if status, _ := e.submit(m); status != smpp.ESME_ROK {
		t.Fatalf("submit_sm: %v", status)
	}
	m = shortText("46701000002", "")
	m.DefaultMsgID = 7
	if status, _ := e.submit(m); status != smpp.ESME_ROK {
		t.Errorf("a predefined text: %v", status)
	}
	m.DefaultMsgID = 8
	if status, _ := e.submit(m); status != smpp.ESME_RINVDFTMSGID {
		t.Errorf("a number without a text: %v", status)
	}
	send := func(more string) string {
		t.Helper()
		var accepted struct {
			Messages []viewed `json:"messages"`
		}
		status, answer := s.post(`{"text": "ref-3 ` + textMark + `", ` + more + `}`)
		if err := json.Unmarshal(answer, &accepted); err != nil || status != http.StatusAccepted {
			t.Fatalf("POST /v1/messages: %d %s", status, answer)
		}
		return accepted.Messages[0].ID
	}
	id := send(`"to": "+46701000003", "from": "ACME", "tlvs": {"dlt_template_id": "9", "dlt_entity_id": "55"}`)
	s.becomes(id, "delivered")
	trace, _ := s.trace(id)
	if !strings.Contains(trace, "told a validity of 1h0m0s") {
		t.Errorf("the trace says nothing of max_validity: %s", trace)
	}
	later := send(`"to": "+46701000004", "tlvs": {"dlt_template_id": "10"}, "send_at": "` + time.Now().Add(2*time.Second).Format(time.RFC3339Nano) + `"`)
	s.restart()
	linked(t, sim)
	s.becomes(later, "delivered")

	type fields struct {
		from, service, tlvs string
		ton, pid, esm       uint8
	}
	got := map[string]fields{}
	for _, m := range sim.Messages(simulator.Filter{}) {
		var tlvs []string
		for _, v := range m.TLVs {
			tlvs = append(tlvs, smpp.Tag(v.Tag).String()+"="+string(v.Value))
		}
		got[m.To[0].Addr] = fields{m.From.Addr, m.ServiceType, strings.Join(tlvs, " "), m.From.TON, m.ProtocolID, m.ESMClass}
		if m.To[0].Addr == "46701000001" && (m.DataCoding != 0 || string(m.Octets) != "ref-1 p\xe5 "+textMark) {
			t.Errorf("data_coding %d, %q; the link is in ISO-8859-1", m.DataCoding, m.Octets)
		}
		if m.To[0].Addr == "46701000002" && m.Text != textMark+" ring" {
			t.Errorf("the predefined text is %q", m.Text)
		}
	}
	const more = "more_messages_to_send=\x00"
	for to, want := range map[string]fields{
		"46701000001": {"Kurir", "VMN", more + " user_message_reference=\x00M tag 0x1501=1107 tag 0x1400=1201", 5, 0x41, 0x80},
		"46701000002": {"Kurir", "CMT", more + " tag 0x1400=1201", 5, 0, 0},
		"46701000003": {"72345", "CMT", more + " tag 0x1501=9 tag 0x1400=55", 3, 0, 0},
		"46701000004": {"Kurir", "CMT", more + " tag 0x1501=10 tag 0x1400=1201", 5, 0, 0},
	} {
		if got[to] != want {
			t.Errorf("%s:\n got %+q\nwant %+q", to, got[to], want)
		}
	}
}

// TestReceiptFields: optional parameters of an operator's receipts reach an SMPP customer as the link says.
func TestReceiptFields(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{ReceiptTLVs: smpp.TLVs{{Tag: 0x1500, Value: []byte("24007")}, {Tag: 0x1501, Value: []byte("x")}}})
	s := startServer(t, sim, serverOptions{link: ", tlvs: {receipts: [0x1500]}"})
	linked(t, sim)
	e := bindTo(t, s.smpp, smpp.Transceiver)
	id := e.accepted("46701000001", "ref-1 "+textMark)
	d := receive(t, "the receipt", e.delivered)
	r, _ := smpp.ReceiptFrom(&d)
	value, _ := d.TLVs.Get(0x1500)
	_, other := d.TLVs.Get(0x1501)
	if r.ID != id || r.State != smpp.MessageDelivered || string(value) != "24007" || other {
		t.Errorf("receipt %+v with %q", r, d.TLVs)
	}
	if text, _ := s.trace(id); !strings.Contains(text, "0x1500=3234303037") {
		t.Errorf("the trace has no parameters: %s", text)
	}
}
