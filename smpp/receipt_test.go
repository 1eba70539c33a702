package smpp

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// The dialects are those of SMSCs in the field.
func TestParseReceipt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       Receipt
	}{
		{
			"as in appendix B", "id:0123456789 sub:001 dlvrd:001 submit date:0809011130 done date:0809021231 stat:DELIVRD err:000 text:Hello world, how are",
			Receipt{"0123456789", "001", "001", "0809011130", "0809021231", "DELIVRD", "000", "Hello world, how are", MessageDelivered, NetworkError{}},
		},
		{
			"capital Text, seconds, long error, uuid", "id:0b8f4a7e-55d0-4f3e-9d2a-3f7cf7d5a0a1 sub:001 dlvrd:000 submit date:261121230105 done date:261121230206 stat:UNDELIV err:0x00D2 Text:",
			Receipt{"0b8f4a7e-55d0-4f3e-9d2a-3f7cf7d5a0a1", "001", "000", "261121230105", "261121230206", "UNDELIV", "0x00D2", "", MessageUndeliverable, NetworkError{}},
		},
		{
			"sub and dlvrd missing, NUL at the end", "id:17 submit date:2611212301 done date:2611212302 stat:EXPIRED err:12\x00",
			Receipt{"17", "", "", "2611212301", "2611212302", "EXPIRED", "12", "", MessageExpired, NetworkError{}},
		},
		{
			"another order", "stat:REJECTD err:8 id:17 done date:2611212302",
			Receipt{"17", "", "", "", "2611212302", "REJECTD", "8", "", MessageRejected, NetworkError{}},
		},
		{
			"text first", "text:one two id:17 stat:DELIVERED",
			Receipt{"17", "", "", "", "", "DELIVERED", "", "one two", MessageDelivered, NetworkError{}},
		},
		{
			"keys inside the text", "id:17 stat:DELIVRD err:000 text:id:99 stat:UNDELIV",
			Receipt{"17", "", "", "", "", "DELIVRD", "000", "id:99 stat:UNDELIV", MessageDelivered, NetworkError{}},
		},
		{
			"repeated", "id:17 id:18 stat:DELIVRD stat:UNDELIV",
			Receipt{"17", "", "", "", "", "DELIVRD", "", "", MessageDelivered, NetworkError{}},
		},
		{
			"empty values", "id:17 sub: dlvrd: submit date: done date: stat:ACCEPTD err: text:",
			Receipt{"17", "", "", "", "", "ACCEPTD", "", "", MessageAccepted, NetworkError{}},
		},
		{
			"capitals", "ID:17 SUB:1 DLVRD:1 SUBMIT DATE:2611212301 DONE DATE:2611212302 STAT:delivrd ERR:0 TEXT:Hej",
			Receipt{"17", "1", "1", "2611212301", "2611212302", "delivrd", "0", "Hej", MessageDelivered, NetworkError{}},
		},
		{
			"lines and commas", "id:17,\r\nsubmitdate:2611212301,donedate:2611212302;stat:FAILED\nerror:5",
			Receipt{"17", "", "", "2611212301", "2611212302", "FAILED", "5", "", MessageUndeliverable, NetworkError{}},
		},
		{
			"blanks after the colon", "id: 17 stat: BUFFRED err: 0",
			Receipt{"17", "", "", "", "", "BUFFRED", "0", "", MessageEnroute, NetworkError{}},
		},
		{
			"binary text", "id:17 stat:DELIVRD err:\x1b text:\x00\x1b\xff",
			Receipt{"17", "", "", "", "", "DELIVRD", "\x1b", "\x00\x1b\xff", MessageDelivered, NetworkError{}},
		},
		{
			"word never seen", "id:17 stat:ZONKED",
			Receipt{"17", "", "", "", "", "ZONKED", "", "", MessageEnroute, NetworkError{}},
		},
		{
			"no state at all", "id:17 err:000",
			Receipt{"17", "", "", "", "", "", "000", "", MessageEnroute, NetworkError{}},
		},
	}
	for _, tt := range tests {
		got, ok := ParseReceipt([]byte(tt.text))
		if diff := cmp.Diff(tt.want, got); diff != "" || !ok {
			t.Errorf("%s: %v\n%s", tt.name, ok, diff)
		}
	}
	for _, text := range []string{"", "\x00", "Hello, is this id 17?", "paid:17 status:good", "text:id"} {
		if r, ok := ParseReceipt([]byte(text)); ok {
			t.Errorf("%q is a receipt: %+v", text, r)
		}
	}
}

func TestReceiptFrom(t *testing.T) {
	t.Parallel()
	text := "id:0000001000 sub:001 dlvrd:001 submit date:2611212301 done date:2611212302 stat:DELIVRD err:000 text:Hej"
	var wide []byte
	for _, u := range utf16.Encode([]rune(text)) {
		wide = binary.BigEndian.AppendUint16(wide, u)
	}
	tests := []struct {
		name string
		sm   ShortMessage
		id   string
		stat string
		err  string
		st   MessageState
		net  NetworkError
	}{
		{"text alone", ShortMessage{Text: []byte(text)}, "0000001000", "DELIVRD", "000", MessageDelivered, NetworkError{}},
		{
			"TLVs win",
			ShortMessage{Text: []byte(text), TLVs: TLVs{
				{TagReceiptedMessageID, []byte("3E8\x00")},
				{TagMessageState, []byte{8}},
				{TagNetworkErrorCode, []byte{3, 0, 21}},
			}},
			"3E8", "DELIVRD", "000", MessageRejected,
			NetworkError{3, 21},
		},
		{
			"TLVs alone, id without NUL",
			ShortMessage{TLVs: TLVs{
				{TagReceiptedMessageID, []byte("3E8")},
				{TagMessageState, []byte{2}},
				{TagNetworkErrorCode, []byte{3, 0, 21}},
			}},
			"3E8", "DELIVRD", "021", MessageDelivered,
			NetworkError{3, 21},
		},
		{"in the payload", ShortMessage{TLVs: TLVs{{TagMessagePayload, []byte(text)}}}, "0000001000", "DELIVRD", "000", MessageDelivered, NetworkError{}},
		{"UCS-2", ShortMessage{DataCoding: 8, Text: wide}, "0000001000", "DELIVRD", "000", MessageDelivered, NetworkError{}},
		{
			"a state that does not exist",
			ShortMessage{Text: []byte(text), TLVs: TLVs{{TagMessageState, []byte{10}}}},
			"0000001000", "DELIVRD", "000", MessageDelivered,
			NetworkError{},
		},
		{
			"a word that nobody knows, and a state",
			ShortMessage{Text: []byte("id:17 stat:PENDING"), TLVs: TLVs{{TagMessageState, []byte{2}}}},
			"17", "DELIVRD", "", MessageDelivered,
			NetworkError{},
		},
		{"UCS-2 in name only", ShortMessage{DataCoding: 8, Text: []byte(text)}, "0000001000", "DELIVRD", "000", MessageDelivered, NetworkError{}},
		{"UCS-2 with a byte order mark", ShortMessage{DataCoding: 8, Text: append([]byte{0xFE, 0xFF}, wide...)}, "0000001000", "DELIVRD", "000", MessageDelivered, NetworkError{}},
		{"UCS-2 by the name of Latin 1", ShortMessage{DataCoding: 3, Text: wide}, "0000001000", "DELIVRD", "000", MessageDelivered, NetworkError{}},
		{
			"behind a user data header",
			ShortMessage{ESMClass: ESMUDHI | ESMReceipt, Text: append([]byte{5, 0, 3, 1, 1, 1}, text...)},
			"0000001000", "DELIVRD", "000", MessageDelivered,
			NetworkError{},
		},
	}
	for _, tt := range tests {
		r, ok := ReceiptFrom(&DeliverSM{tt.sm})
		if !ok || r.ID != tt.id || r.Stat != tt.stat || r.Err != tt.err || r.State != tt.st || r.Network != tt.net {
			t.Errorf("%s: %v %+v", tt.name, ok, r)
		}
	}
	if _, ok := ReceiptFrom(&DeliverSM{ShortMessage{Text: []byte("Hej")}}); ok {
		t.Error("a message is a receipt")
	}
	for class, want := range map[uint8]bool{0: false, 4: true, 0x44: true, 0x07: true, 0x08: false, 0x20: false, 0x0C: false, 0x84: true} {
		if IsReceipt(class) != want {
			t.Errorf("esm_class 0x%02X: receipt %v", class, !want)
		}
	}
}

// A word that nobody knows must not end a message.
func TestStateOf(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"ACKED", "SUBMITD", "PENDING", "", "delivered?"} {
		if s, known := StateOf(word); known || s.Final() {
			t.Errorf("%q is %s", word, s)
		}
	}
}

func TestReceiptAppend(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 23, 1, 59, 0, time.UTC)
	r := Receipt{
		ID: "1000", SubmitDate: string(AppendReceiptTime(nil, at)), DoneDate: "2611212302", State: MessageDelivered,
		Text: "more than twenty characters",
	}
	want := "id:1000 sub:001 dlvrd:001 submit date:2611212301 done date:2611212302 stat:DELIVRD err:000 text:more than twenty cha"
	if got := string(r.Append(nil)); got != want {
		t.Errorf("%s", got)
	}
	back, ok := ParseReceipt(r.Append(nil))
	if !ok || back.ID != r.ID || back.State != r.State {
		t.Errorf("%+v", back)
	}
	r.State = MessageUndeliverable
	if back, _ = ParseReceipt(r.Append(nil)); back.Dlvrd != "000" || back.Stat != "UNDELIV" {
		t.Errorf("%+v", back)
	}
}

func TestParseReceiptTime(t *testing.T) {
	t.Parallel()
	stockholm := time.FixedZone("", 3600)
	tests := []struct{ in, want string }{
		{"2611212301", "2026-11-21T23:01:00+01:00"},
		{"261121230159", "2026-11-21T23:01:59+01:00"},
		{"20261121230159", "2026-11-21T23:01:59+01:00"},
		{"202611212301", "2026-11-21T23:01:00+01:00"},
		{"2613212301", ""},
		{"2600212301", ""},
		{"2602300000", ""},
		{"2611212400", ""},
		{"2611212360", ""},
		{"261121230160", ""},
		{"26112123", ""},
		{"26112123015", ""},
		{"-611212301", ""},
		{"2402290000", "2024-02-29T00:00:00+01:00"},
		{"9911212301", "1999-11-21T23:01:00+01:00"},
		{"20991121230159", "2099-11-21T23:01:59+01:00"},
		{"", ""},
		{"yesterday!", ""},
	}
	for _, tt := range tests {
		got, err := ParseReceiptTime(tt.in, stockholm)
		if tt.want == "" && err == nil || tt.want != "" && (err != nil || got.Format(time.RFC3339) != tt.want) {
			t.Errorf("%q: %v, %v", tt.in, got, err)
		}
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC)
	tests := []struct{ in, want string }{
		{"", "0001-01-01T00:00:00Z"},
		{"261121230203400+", "2026-11-21T23:02:03.4Z"},
		{"261121230203004+", "2026-11-21T22:02:03Z"}, // one hour ahead of UTC
		{"261121230203022-", "2026-11-22T04:32:03Z"}, // five and a half hours behind
		{"000002000000000R", "2026-11-23T23:00:00Z"},
		{"010203040506000R", "2028-01-25T03:05:06Z"}, // calendar years and months, days, hours, minutes, seconds
		{"261321230203000+", "bad"},
		{"260230000000000+", "bad"},
		{"261121240000000+", "bad"},
		{"261121230203049+", "bad"},
		{"26112123020300+", "bad"},
		{"2611212302030000", "bad"},
		{"26112123020x000+", "bad"},
		{"２６１１２１２３０２０３０００+", "bad"},
	}
	for _, tt := range tests {
		got, err := ParseTime(tt.in, now)
		if tt.want == "bad" {
			if !errors.Is(err, ErrTime) {
				t.Errorf("%q: %v, %v", tt.in, got, err)
			}
		} else if err != nil || got.Format(time.RFC3339Nano) != tt.want {
			t.Errorf("%q: %v, %v; want %s", tt.in, got, err, tt.want)
		}
	}
	in := time.Date(2026, 11, 22, 1, 2, 3, 4e8, time.FixedZone("", 7200))
	if s := string(AppendTime(nil, in)); s != "261121230203400+" {
		t.Errorf("AppendTime: %s", s)
	}
	for d, want := range map[time.Duration]string{
		0: "000000000000000R", -time.Hour: "000000000000000R", 90 * time.Second: "000000000130000R",
		49*time.Hour + time.Minute: "000002010100000R", 10000 * time.Hour: "000099000000000R",
	} {
		if got := string(AppendRelative(nil, d)); got != want {
			t.Errorf("AppendRelative(%v): %s", d, got)
		}
	}
}

// oldStates are the words of receipts as a table.
func oldStates() map[string]MessageState {
	return map[string]MessageState{
		"SCHEDLD": MessageScheduled, "SCHEDULED": MessageScheduled,
		"ENROUTE": MessageEnroute, "BUFFRED": MessageEnroute, "BUFFERED": MessageEnroute,
		"DELIVRD": MessageDelivered, "DELIVERED": MessageDelivered, "DELIVERD": MessageDelivered,
		"EXPIRED": MessageExpired,
		"DELETED": MessageDeleted,
		"UNDELIV": MessageUndeliverable, "UNDELIVERABLE": MessageUndeliverable, "UNDELIVERED": MessageUndeliverable,
		"UNDELIVRD": MessageUndeliverable, "FAILED": MessageUndeliverable,
		"ACCEPTD": MessageAccepted, "ACCEPTED": MessageAccepted,
		"UNKNOWN": MessageUnknown,
		"REJECTD": MessageRejected, "REJECTED": MessageRejected,
		"SKIPPED": MessageSkipped,
	}
}

func TestStateWords(t *testing.T) {
	t.Parallel()
	for word, want := range oldStates() {
		for _, w := range []string{word, strings.ToLower(word), word[:1] + strings.ToLower(word[1:])} {
			if got, ok := StateOf(w); !ok || got != want {
				t.Errorf("%q is %s, %v; want %s", w, got, ok, want)
			}
		}
		if got, ok := StateOf(word + "?"); ok || got != MessageEnroute {
			t.Errorf("%q? is %s", word, got)
		}
	}
	for s := MessageScheduled; s <= MessageSkipped; s++ {
		if got, ok := StateOf(s.Stat()); !ok || got != s {
			t.Errorf("%s is written as %s and read as %s", s, s.Stat(), got)
		}
	}
}

// What most SMSCs write is read by the fast path, and read as the tolerant parser reads it.
func TestUsualReceipts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		usualReceipt,
		"id:1 sub:001 dlvrd:001 submit date:2611212301 done date:2611212302 stat:DELIVRD err:000",
		"id:1 submit date:2611212301 done date:2611212302 stat:DELIVRD err:000 text:",
		"id:1 sub:001 dlvrd:000 submit date:261121230105 done date:261121230206 stat:UNDELIV err:0x00D2 Text:Hej id:2 stat:X",
		"id:1 stat:DELIVRD",
		"id:1 stat:DELIVRD text: blanks before it",
		"id:sub:1 stat:stat: err:err:",
		"id:1 stat:DELIVRD err:\xe5\xe4 text:\x00\x01",
	} {
		var r Receipt
		if !r.usual(text) {
			t.Errorf("%q is not usual", text)
		}
		if diff := cmp.Diff(tolerant(text), r); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	for _, text := range []string{
		"", "id:", "id: 1 stat:X", "id:1", "id:1  stat:X", "id:1 stat:", "id:1 stat:X,err:1", "ID:1 stat:X", " id:1 stat:X", "id:1 stat:X err:0 err:1",
		"stat:X id:1", "id:1 id:2 stat:X", "id:1 stat:X TEXT:x", "id:1 stat:X and more", "id:1\tstat:X", "id:1 text:x stat:X",
	} {
		var r Receipt
		if r.usual(text) {
			t.Errorf("%q is for the tolerant parser", text)
		}
	}
}

// Receipts are read without copying more than once.
func TestReceiptAllocations(t *testing.T) {
	d := benchReceipt()
	if n := testing.AllocsPerRun(1000, func() { _, _ = ReceiptFrom(d) }); n > 1 {
		t.Errorf("ReceiptFrom: %v allocations", n)
	}
	for _, word := range []string{"DELIVRD", "undeliverable", "a word that nobody has ever seen"} {
		if n := testing.AllocsPerRun(1000, func() { StateOf(word) }); n > 0 {
			t.Errorf("StateOf(%q): %v allocations", word, n)
		}
	}
}

// Whatever the text, both parsers agree, and words are known as the table knows them.
func FuzzParseReceipt(f *testing.F) {
	f.Add([]byte("id:17 sub:001 dlvrd:001 submit date:2611212301 done date:2611212302 stat:DELIVRD err:000 text:Hej"))
	f.Add([]byte("text: id:\x00 stat:"))
	f.Add([]byte(usualReceipt))
	f.Add([]byte("id:0b8f4a7e-55d0-4f3e submit date:261128013005 done date:261128013106 stat:delivered err:034"))
	f.Add([]byte("ID:17,SUB:1;DLVRD:1\tSUBMIT_DATE:2611212301 donedate:2611212302 STAT:x ERROR:0 TEXT:Hej id:3"))
	states := oldStates()
	f.Fuzz(func(t *testing.T, text []byte) {
		r, ok := ParseReceipt(text)
		if ok != (r.ID != "" || r.Stat != "") {
			t.Errorf("%v %+v", ok, r)
		}
		want := tolerant(strings.TrimRight(string(text), "\x00 \r\n"))
		state, known := states[strings.Map(asciiUpper, want.Stat)]
		if !known {
			state = MessageEnroute
		}
		if want.State = state; want != r {
			t.Errorf("%q:\n got %+v\nwant %+v", text, r, want)
		}
		ReceiptFrom(&DeliverSM{ShortMessage{ESMClass: ESMUDHI, DataCoding: 8, Text: text}})
	})
}

func asciiUpper(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}
