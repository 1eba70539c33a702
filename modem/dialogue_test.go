package modem

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// scripted runs a dialogue with a modem that answers each line by what the script has for it.
func scripted(t *testing.T, script map[string]string, test func(t *testing.T, d *dialogue, say func(string))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		say := func(s string) { _, _ = io.WriteString(theirs, s) }
		done := make(chan struct{})
		go func() {
			defer close(done)
			buf := make([]byte, 4096)
			for {
				n, err := theirs.Read(buf)
				if err != nil {
					return
				}
				if answer := script[strings.Trim(string(buf[:n]), "\r\x1A")]; answer != "" {
					say(answer)
				}
			}
		}()
		d := newDialogue(ours, nil)
		defer func() {
			d.close()
			theirs.Close()
			<-done
		}()
		test(t, d, say)
	})
}

const (
	testPDU  = "07916407058099F9040B916407214365F70000622110211243000AE8329BFD4697D9EC37"
	otherPDU = "07916407058099F9040B916407214365F700006221102112430003E8B21A"
)

// TestCorners: the corner cases of the AT dialogue by their number in the list of the protocol notes. Those that are no matter of
// one answer are in modem_test.go: 7, 8 and 11 in TestReceive and TestOtherStorage, 12 in TestSendFailures, 13 in TestPIN, 14 in
// TestRecovery, 17 in TestSend. Those of links are in package connector: 15 and 19 in TestModemSend, 16 in TestModemMeanings; those
// of texts in package gsm: 1, 2, 3 and 5 in TestTPDUCorners, 4 in TestAssemblyEncodings.
func TestCorners(t *testing.T) {
	t.Parallel()
	list := command{text: "AT+CMGL=4", prefix: "+CMGL:", pdus: true, within: time.Minute}
	t.Run("corner 6", func(t *testing.T) { // other lines in the middle, and lines twice
		t.Parallel()
		scripted(t, map[string]string{
			"AT+CMGL=4": "\r\n+CMGL: 1,1,,28\r\n+CMTI: \"SM\",9\r\n" + testPDU + "\r\n+CMT: ,22\r\n\r\n+CMGL: 2,0,\"\",28\r\n" + otherPDU + "\r\n^RSSI:20\r\n" + testPDU + "\r\n\r\nOK\r\n",
		}, func(t *testing.T, d *dialogue, _ func(string)) {
			got, err := d.exec(t.Context(), list)
			if err != nil || len(got) != 2 || got[0].pdu != testPDU || got[1].pdu != testPDU {
				t.Fatalf("%+v, %v", got, err)
			}
			events := d.take()
			if len(events) != 2 || events[0].name != "+CMTI" || events[1].name != "+CMT" || events[1].pdu != otherPDU {
				t.Errorf("%+v", events)
			}
		})
	})
	t.Run("corner 9", func(t *testing.T) { // echoes
		t.Parallel()
		scripted(t, map[string]string{"AT+CGSN": "AT+CGSN\r\r\n490154203237518\r\n\r\nOK\r\n"}, func(t *testing.T, d *dialogue, _ func(string)) {
			got, err := d.exec(t.Context(), command{text: "AT+CGSN", within: time.Minute})
			if err != nil || len(got) != 1 || got[0].text != "490154203237518" {
				t.Errorf("%+v, %v", got, err)
			}
		})
	})
	t.Run("corner 10", func(t *testing.T) { // a prompt without end of line, with an echo, without a blank
		t.Parallel()
		for _, prompt := range []string{"\r\n> ", "AT+CMGS=23\r\r\n> ", ">", "\r\n>\r\n", "\r\n+CMTI: \"SM\",1\r\n\r\n> "} {
			scripted(t, map[string]string{"AT+CMGS=23": prompt, testPDU: testPDU + "\x1A\r\n+CMGS: 0\r\n\r\nOK\r\n"}, func(t *testing.T, d *dialogue, _ func(string)) {
				s := &session{m: New(Config{}), d: d}
				sent, failed, lost := s.send(t.Context(), 23, testPDU, false)
				if failed != nil || lost != nil || sent.Reference != 0 {
					t.Errorf("%q: %+v, %v, %v", prompt, sent, failed, lost)
				}
			})
		}
	})
	t.Run("corner 18", func(t *testing.T) { // the length counts the TPDU alone
		t.Parallel()
		if n := pduOctets(testPDU); n != 28 {
			t.Errorf("%d octets, want 28", n)
		}
	})
	t.Run("corner 20", func(t *testing.T) { // without a line DTR a reset is no failure
		t.Parallel()
		scripted(t, map[string]string{"AT+CFUN=1,1": "\r\nOK\r\n"}, func(t *testing.T, d *dialogue, _ func(string)) {
			if err := (&session{m: New(Config{}), d: d}).reset(t.Context(), 3); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestDialogue(t *testing.T) {
	t.Parallel()
	creg := command{text: "AT+CREG?", prefix: "+CREG:", within: time.Minute}
	scripted(t, map[string]string{
		"AT+CREG?": "\r\n+CREG: 5,\"00AB\",\"0C\"\r\n+CREG: 2\r\n+CREG: 1,1\r\n\r\nNO CARRIER\r\n\r\nOK\r\n",
		"AT+X":     "\r\n+CMS ERROR: 42\r\n", "AT+Y": "\r\nERROR\r\n", "AT+W": "\r\n+CME ERROR: SIM busy\r\n", "AT+V": "\r\n+CMS ERROR: what now\r\n",
	}, func(t *testing.T, d *dialogue, say func(string)) {
		got, err := d.exec(t.Context(), creg)
		if err != nil || len(got) != 1 || got[0].text != "+CREG: 1,1" || len(d.take()) != 2 {
			t.Errorf("%+v, %v", got, err)
		}
		for text, want := range map[string]Error{
			"AT+X": {Family: FamilyCMS, Code: 42}, "AT+Y": {Word: "ERROR"}, "AT+W": {Family: FamilyCME, Code: 14}, "AT+V": {Family: FamilyCMS, Code: 500, Word: "what now"},
		} {
			_, err := d.exec(t.Context(), command{text: text, within: time.Minute})
			var e *Error
			if !errors.As(err, &e) || *e != want {
				t.Errorf("%s: %v, want %+v", text, err, want)
			}
		}
		before := time.Now()
		if _, err := d.exec(t.Context(), command{text: "AT+Z", within: 3 * time.Second}); !errors.Is(err, ErrNoAnswer) || time.Since(before) != 3*time.Second {
			t.Errorf("no answer: %v after %v", err, time.Since(before))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := d.exec(ctx, command{text: "AT+Z", within: time.Minute}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stopped: %v", err)
		}
		go say("\xff\x80\x00RING\r\n" + strings.Repeat("x", 100_000) + "\r\n+CLIP: \"+46701234567\",145\r\n")
		for len(d.events) < 2 {
			d.idle(<-d.lines)
		}
		if names := []string{d.events[0].name, d.events[1].name}; !slices.Equal(names, []string{"RING", "+CLIP"}) {
			t.Errorf("%q", names)
		}
	})
}

// A USSD text of several lines is one event, also in the middle of an answer, which gets none of them. A text whose quotes do
// not end takes nothing with it but what follows at once.
func TestUSSDLines(t *testing.T) {
	t.Parallel()
	const menu = "\r\n+CUSD: 1,\"1 Saldo\r\n2 Data\n> 3 Mer\r\nOK\",15\r\n"
	csq := command{text: "AT+CSQ", within: time.Minute}
	scripted(t, map[string]string{"AT+CSQ": menu + "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"}, func(t *testing.T, d *dialogue, say func(string)) {
		want := event{name: "+CUSD", params: []string{"1", "1 Saldo\n2 Data\n> 3 Mer\nOK", "15"}}
		hold := func(when string) {
			t.Helper()
			if got := d.take(); len(got) != 1 || got[0].name != want.name || !slices.Equal(got[0].params, want.params) {
				t.Errorf("%s: %q", when, got)
			}
		}
		got, err := d.exec(t.Context(), csq)
		if err != nil || len(got) != 1 || got[0].text != "+CSQ: 20,99" {
			t.Errorf("the answer in hand: %+v, %v", got, err)
		}
		hold("in an answer")
		say(menu)
		d.idle(<-d.lines)
		hold("between answers")

		say("+CUSD: 0,\"5\" screen\",15\r\nRING\r\n")
		for range 2 {
			d.idle(<-d.lines)
		}
		if got := d.take(); len(got) != 2 || got[1].name != "RING" {
			t.Errorf("a quote in the text: %+v", got)
		}
		say("+CUSD: 0,\"5\" screen\r\n")
		time.Sleep(ussdWithin + time.Second)
		say("RING\r\n")
		for range 2 {
			d.idle(<-d.lines)
		}
		if got := d.take(); len(got) != 2 || got[1].name != "RING" {
			t.Errorf("a quote too many, and something else later: %+v", got)
		}
		say("+CUSD: 0,\"" + strings.Repeat("x\r\n", ussdLines) + "RING\r\n")
		for range 2 {
			d.idle(<-d.lines)
		}
		if got := d.take(); len(got) != 2 || got[1].name != "RING" {
			t.Errorf("lines without end: %+v", got)
		}
	})
}

func TestParams(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][]string{
		`+CMGL: 1,0,"a,b",28`:            {"1", "0", "a,b", "28"},
		`+CPMS: ("SM","ME"),("SM"),"MT"`: {"(SM,ME)", "(SM)", "MT"},
		`+CREG:1 , 5`:                    {"1", "5"},
		`RING`:                           {"RING"},
		`+X: "open,1`:                    {"open,1"},
		`+X: ),(,`:                       {")", "(", ""},
		``:                               {""},
	} {
		if got := params(s); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestUSSDText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s      string
		coding uint8
		packed bool
		want   string
	}{
		{"Saldo: 100 kr", 15, false, "Saldo: 100 kr"},
		{"041F0440", 72, false, "Пр"},
		{"656E041F0440", 0x11, false, "Пр"},
		{"AA180C3602", 15, true, "*100#"},
		{"1234", 15, false, "1234"},
		{"1234", 0x44, false, "1234"},
	} {
		if got := ussdText(c.s, c.coding, c.packed); got != c.want {
			t.Errorf("%s (%d): %q, want %q", c.s, c.coding, got, c.want)
		}
	}
}

// All codes of the notes have a name and a kind that fits the notes' list of what may be retried.
func TestErrorTables(t *testing.T) {
	t.Parallel()
	for _, code := range []int{27, 38, 41, 42, 47, 192, 194, 301, 314, 331, 332, 500, 310, 311, 312, 313, 315, 316, 317, 318, 320} {
		if e := (&Error{Family: FamilyCMS, Code: code}); !e.Kind().Temporary() || e.name() == "" {
			t.Errorf("CMS %d: %v, kind %v", code, e, e.Kind())
		}
	}
	for _, code := range []int{1, 8, 10, 28, 29, 30, 50, 195, 196, 304} {
		if e := (&Error{Family: FamilyCMS, Code: code}); e.Kind().Temporary() || e.Kind() == KindOther {
			t.Errorf("CMS %d: %v, kind %v", code, e, e.Kind())
		}
	}
	if s := (&Error{Family: FamilyCME, Code: 16}).Error(); s != "the modem answers CME error 16: incorrect password" {
		t.Error(s)
	}
	if s := (&Error{Family: FamilyCMS, Code: 700}).Error(); s != "the modem answers CMS error 700" {
		t.Error(s)
	}
}

// FuzzDialogue lets a modem say anything, at the start of a dialogue and within it.
func FuzzDialogue(f *testing.F) {
	f.Add([]byte("\r\nOK\r\n"))
	f.Add([]byte("AT\r\r\nOK\r\n\r\n+CMT: ,28\r\n" + testPDU + "\r\n> "))
	f.Add([]byte("\r\n+CMGL: 1,1,,28\r\n+CMTI: \"SM\",9\r\n" + testPDU + "\r\nOK\r\n+CDS: 25\r\n0006050B916407214365F7622110211243806221102122538000\r\n"))
	f.Add([]byte("+CUSD: 1,\"1 Saldo\r\n2 Data\",15\r\n+CUSD: 1,\"x\r\nOK\r\n"))
	f.Add([]byte("+CUSD: 1,\"041F0440\",72\r\nRING\r\n+CLIP: \"+46\",145\r\n+CPMS: (\"SM\"),(\r\n+CREG: 5\r\nOK\r\nOK\r\nOK\r\n"))
	f.Fuzz(func(t *testing.T, said []byte) {
		synctest.Test(t, func(t *testing.T) {
			m := New(Config{
				Devices: []string{"tcp:x:1"}, Answer: time.Second, SendFor: time.Second,
				Open: func(context.Context, string) (io.ReadWriteCloser, error) {
					return &recorded{said: said}, nil
				},
			})
			m.handler = Handler{Message: func(m Message) { m.Ack(nil) }, Report: func(r Report) { r.Ack(nil) }}
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			s := &session{m: m, d: newDialogue(&recorded{said: said}, nil)}
			steps := []func(context.Context) error{s.identify, s.know, s.storages, s.notify, s.check, s.collect, s.settle, s.remove}
			for i := range steps { // whatever step comes to see it
				_ = steps[i](ctx)
				s.d.idle(line{text: string(said)})
			}
			_, _, _ = s.send(ctx, 23, testPDU, false)
			_ = s.settle(ctx)
			s.d.close()
			_, _ = m.once(ctx, 0)
		})
	})
}

// recorded is a port that says what it is to say, over and over for a while.
type recorded struct {
	said  []byte
	times int
}

func (r *recorded) Read(b []byte) (int, error) {
	if r.times++; r.times > 20 || len(r.said) == 0 {
		return 0, io.EOF
	}
	return copy(b, r.said), nil
}
func (r *recorded) Write(b []byte) (int, error) { return len(b), nil }
func (r *recorded) Close() error                { return nil }
