package e2e

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

// neighbour sends in good order all the while a test misbehaves, and fails if that is disturbed.
func neighbour(t *testing.T, s *server) (stop func()) {
	t.Helper()
	e := bindTo(t, s.smpp, smpp.Transceiver)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			begin := time.Now()
			e.accepted("46709000001", fmt.Sprintf("good-%d %s", i, textMark))
			e.receipt()
			if took := time.Since(begin); took > soon { // less than a server waits for those who do not read
				t.Errorf("a well-behaved customer waited %v for one message", took)
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// TestBadHTTP: every mistake is answered with a 4xx problem document that names the field.
func TestBadHTTP(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)
	stop := neighbour(t, s)
	before := s.memory()
	message := func(to, text string) string { return fmt.Sprintf(`{"to":%q,"text":%q}`, to, text) }
	for _, c := range []struct {
		name, body string
		status     int
		field      string // "" where the request as a whole is wrong
	}{
		{"nothing", ``, 400, ""},
		{"no object", `[]`, 400, ""},
		{"cut", `{"to":"+46701000001","text":"` + textMark, 400, "text"},
		{"twice", `{"to":"+46701000001","to":"+46701000001","text":"x"}`, 400, "to"},
		{"unknown field", `{"to":"+46701000001","text":"x","colour":"red"}`, 400, "colour"},
		{"a number as text", `{"to":"+46701000001","text":7}`, 400, "text"},
		{"invalid UTF-8", "{\"to\":\"+46701000001\",\"text\":\"\xff\xfe" + textMark + "\"}", 400, "text"},
		{"half a surrogate pair", `{"to":"+46701000001","text":"\ud83d"}`, 400, "text"},
		{"letters in the number", message("+4670O000001", textMark), 422, "to"},
		{"empty number", message("", textMark), 422, "to"},
		{"no number", `{"text":"x"}`, 422, "to"},
		{"a number of 100 digits", message("+"+strings.Repeat("4", 100), textMark), 422, "to"},
		{"empty text", message("+46701000001", ""), 422, "text"},
		{"300 parts", message("+46701000001", textMark+strings.Repeat("a", 300*153)), 422, "text"},
		{"sender too long", `{"to":"+46701000001","text":"x","from":"AMuchTooLongSender"}`, 422, "from"},
		{"validity", `{"to":"+46701000001","text":"x","validity":"tomorrow"}`, 422, "validity"},
		{"send_at", `{"to":"+46701000001","text":"x","send_at":"tomorrow"}`, 422, "send_at"},
		{"priority", `{"to":"+46701000001","text":"x","priority":"royal"}`, 422, "priority"},
		{"encoding", `{"to":"+46701000001","text":"x","encoding":"morse"}`, 422, "encoding"},
		{"webhook", `{"to":"+46701000001","text":"x","webhook":"gopher://x"}`, 422, "webhook"},
		{"nested too deep", strings.Repeat(`{"to":`, 100_000), 400, "to"},
	} {
		status, body := s.post(c.body)
		if status != c.status || !bytes.HasPrefix(body, []byte("{")) {
			t.Errorf("%s: %d %.300s, want %d", c.name, status, body, c.status)
			continue
		}
		p := decodeProblem(t, body)
		if p.Status != status || p.Title == "" || p.Detail == "" {
			t.Errorf("%s: no whole problem document: %s", c.name, body)
		}
		if c.field != "" && (len(p.Errors) == 0 || p.Errors[0].Field != c.field) {
			t.Errorf("%s: %s does not name %s", c.name, body, c.field)
		}
	}

	// 100 MB, announced and not.
	for _, announced := range []bool{true, false} {
		status, err := hugeBody(s, announced)
		if status != http.StatusRequestEntityTooLarge && !(status == 0 && errors.Is(err, errCut)) {
			t.Errorf("a body of 100 MB, announced %v: %d %v", announced, status, err)
		}
	}
	for name, request := range map[string]string{
		"no HTTP":           "Hej!\r\n\r\n",
		"head without end":  "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("y", 100_000),
		"body never comes":  "POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nAuthorization: Bearer " + apiKey + "\r\n\r\n",
		"negative length":   "POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"two lengths":       "POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
		"chunks of nothing": "POST /v1/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	} {
		c, err := net.Dial("tcp", s.http)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, request)
		_ = c.(*net.TCPConn).CloseWrite()
		_ = c.SetReadDeadline(time.Now().Add(patience))
		answer, err := io.ReadAll(c)
		if len(answer) > 0 && !bytes.HasPrefix(answer, []byte("HTTP/1.1 4")) {
			t.Errorf("%s: answered %.200q", name, answer)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection stays open", name)
		}
		c.Close()
	}
	for _, c := range []struct {
		method, path, key string
		want              int
	}{
		{"GET", "/v1/messages", "", 401},
		{"GET", "/v1/messages", "wrong", 401},
		{"PUT", "/v1/messages", apiKey, 405},
		{"GET", "/v1/messages/nothing", apiKey, 404},
		{"GET", "/v1/messages/0000000000000", apiKey, 404},
		{"GET", "/v1/nothing", apiKey, 404},
		{"GET", "/../../etc/passwd", apiKey, 404},
		{"DELETE", "/v1/messages/0000000000000", apiKey, 404},
	} {
		one := *s.rest
		one.key = c.key
		status, _, _, err := one.do(c.method, c.path, "", nil)
		if err != nil || status != c.want {
			t.Errorf("%s %s: %d %v, want %d", c.method, c.path, status, err, c.want)
		}
	}
	stop()
	if after := s.memory(); after > before+100<<20 {
		t.Errorf("memory grew from %d to %d MiB", before>>20, after>>20)
	}
}

var errCut = errors.New("the server ended the connection")

// hugeBody posts 100 MB and returns the status of the answer.
func hugeBody(s *server, announced bool) (int, error) {
	c, err := net.Dial("tcp", s.http)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	const size = 100 << 20
	length := "Transfer-Encoding: chunked"
	if announced {
		length = fmt.Sprintf("Content-Length: %d", size)
	}
	fmt.Fprintf(c, "POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n", apiKey, length)
	block := bytes.Repeat([]byte("a"), 1<<20)
	if !announced {
		block = append([]byte("100000\r\n"), append(block, "\r\n"...)...)
	}
	go func() {
		for range size >> 20 {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errCut, err)
	}
	return resp.StatusCode, nil
}

// raw is a connection to the SMPP port on which a test says what it wants.
type raw struct {
	net.Conn
	t testing.TB
}

func dialRaw(t testing.TB, addr string) *raw {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return &raw{c, t}
}

// frame encodes a PDU.
func frame(t testing.TB, p smpp.PDU) []byte {
	t.Helper()
	b, err := smpp.Append(nil, &p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bound binds on the connection.
func (r *raw) bound() *raw {
	r.t.Helper()
	_, _ = r.Write(frame(r.t, smpp.PDU{Sequence: 1, Body: &smpp.Bind{Mode: smpp.Transmitter, SystemID: account, Password: password, Version: 0x34}}))
	if h, ok := r.read(); !ok || h.Status != smpp.ESME_ROK {
		r.t.Fatalf("bind: %+v", h)
	}
	return r
}

// read takes the next PDU's header, passing over enquire_link; ok is false when the connection is over.
func (r *raw) read() (h smpp.Header, ok bool) {
	_ = r.SetReadDeadline(time.Now().Add(patience))
	for {
		head := make([]byte, smpp.HeaderLen)
		if _, err := io.ReadFull(r, head); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				r.t.Error("the server neither answers nor ends the connection")
			}
			return h, false
		}
		h = smpp.ParseHeader(head)
		if _, err := io.CopyN(io.Discard, r, int64(h.Length)-smpp.HeaderLen); err != nil {
			return h, false
		}
		if h.Command != smpp.CommandEnquireLink {
			return h, true
		}
	}
}

// alive tells whether the session still answers.
func (r *raw) alive() bool {
	_, _ = r.Write(frame(r.t, smpp.PDU{Sequence: 99, Body: &smpp.EnquireLink{}}))
	for {
		h, ok := r.read()
		if !ok {
			return false
		}
		if h.Command == smpp.CommandEnquireLinkResp && h.Sequence == 99 {
			return true
		}
	}
}

// TestBadSMPP: what is wrong within a PDU gets its command_status and the session goes on; what cannot be framed
// costs the sender his session, and nobody else anything.
func TestBadSMPP(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)
	stop := neighbour(t, s)
	good := frame(t, smpp.PDU{Sequence: 2, Body: shortText("46701000001", "ref "+textMark)})
	with := func(change func(m *smpp.SubmitSM)) []byte {
		m := shortText("46701000001", "ref "+textMark)
		change(m)
		return frame(t, smpp.PDU{Sequence: 2, Body: m})
	}
	head := func(length, command, status, sequence uint32) []byte {
		var b []byte
		for _, v := range []uint32{length, command, status, sequence} {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		return b
	}
	for _, c := range []struct {
		name    string
		octets  []byte
		command smpp.CommandID // of the answer; 0 for none
		status  smpp.Status
		ends    bool
	}{
		{"length 0", head(0, 4, 0, 2), smpp.CommandGenericNack, smpp.ESME_RINVCMDLEN, true},
		{"length 15", head(15, 4, 0, 2), smpp.CommandGenericNack, smpp.ESME_RINVCMDLEN, true},
		{"length 2^31", head(1<<31, 4, 0, 2), smpp.CommandGenericNack, smpp.ESME_RINVCMDLEN, true},
		{"length 2^32-1", head(1<<32-1, 4, 0, 2), smpp.CommandGenericNack, smpp.ESME_RINVCMDLEN, true},
		{"unknown command", head(16, 0x77, 0, 2), smpp.CommandGenericNack, smpp.ESME_RINVCMDID, false},
		{"response to nothing", head(16, 0x80000005, 0, 77), 0, 0, false},
		{"submit_sm without a body", head(16, 4, 0, 2), smpp.CommandSubmitSMResp, smpp.ESME_RINVMSGLEN, false},
		{"no destination", with(func(m *smpp.SubmitSM) { m.Dest.Addr = "" }), smpp.CommandSubmitSMResp, smpp.ESME_RINVDSTADR, false},
		{"letters in the destination", with(func(m *smpp.SubmitSM) { m.Dest.Addr = "4670O000001" }), smpp.CommandSubmitSMResp, smpp.ESME_RINVDSTADR, false},
		{"validity", with(func(m *smpp.SubmitSM) { m.Validity = "999999999999999X" }), smpp.CommandSubmitSMResp, smpp.ESME_RINVEXPIRY, false},
		{"schedule", with(func(m *smpp.SubmitSM) { m.ScheduleTime = "xxxxxxxxxxxxxxxx" }), smpp.CommandSubmitSMResp, smpp.ESME_RINVSCHED, false},
		{"header longer than the text", with(func(m *smpp.SubmitSM) { m.ESMClass, m.Text = 0x40, []byte{0x80, 1} }), smpp.CommandSubmitSMResp, smpp.ESME_RINVESMCLASS, false},
		{"bind when bound", frame(t, smpp.PDU{Sequence: 2, Body: &smpp.Bind{Mode: smpp.Transmitter, SystemID: account, Password: password}}), smpp.CommandBindTransmitterResp, smpp.ESME_RALYBND, false},
		{"two good ones", append(bytes.Clone(good), good...), smpp.CommandSubmitSMResp, smpp.ESME_ROK, false},
	} {
		r := dialRaw(t, s.smpp).bound()
		_, _ = r.Write(c.octets)
		if c.command != 0 {
			h, ok := r.read()
			answered := ok && h.Command == c.command && h.Status == c.status
			// Other statuses that a specification's reader may choose are named here.
			also := c.name == "header longer than the text" && (h.Status == smpp.ESME_RINVMSGLEN || h.Status == smpp.ESME_RSUBMITFAIL) ||
				c.name == "submit_sm without a body" && h.Status != smpp.ESME_ROK
			if !answered && !also {
				t.Errorf("%s: %v %v %v, want %v %v", c.name, ok, h.Command, h.Status, c.command, c.status)
			}
		}
		if alive := r.alive(); alive == c.ends {
			t.Errorf("%s: the session goes on: %v, want %v", c.name, alive, !c.ends)
		}
		r.Close()
	}

	// A PDU cut at every octet, and one with every octet of its head and body changed.
	r := dialRaw(t, s.smpp)
	for i := range good {
		c := dialRaw(t, s.smpp)
		if i%4 == 0 {
			c.bound()
		}
		_, _ = c.Write(good[:i])
		c.Close()
	}
	r.Close()
	changed := dialRaw(t, s.smpp).bound()
	for i := 4; i < len(good); i++ { // what lies behind the length cannot upset the framing
		b := bytes.Clone(good)
		b[i] ^= 0xff
		if _, err := changed.Write(b); err != nil {
			t.Fatalf("the session ended at octet %d: %s", i, hex.EncodeToString(b))
		}
	}
	if !changed.alive() {
		t.Error("changed octets within PDUs cost the session")
	}
	changed.Close()
	// Before the bind nothing but a bind is taken.
	early := dialRaw(t, s.smpp)
	_, _ = early.Write(good)
	if h, ok := early.read(); ok && h.Status != smpp.ESME_RINVBNDSTS {
		t.Errorf("submit_sm before the bind: %v", h.Status)
	}
	early.Close()
	stop()
}
