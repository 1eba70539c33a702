package load

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"

	"kurir/cimd2"
	"kurir/gsm"
)

// errNacked says that the peer does not take our packets, or has given up.
var errNacked = errors.New("the peer sent a nack or a general error")

// speakCIMD2 is CIMD2: submissions are packets 03, receipts packets 23.
type speakCIMD2 struct {
	id []byte // of a message or a receipt
}

func (*speakCIMD2) submission(o *Options, text, to string) (pdu []byte, textAt, toAt int, err error) {
	septets, ok := gsm.AppendGSM7(nil, text)
	if !ok {
		return nil, 0, 0, fmt.Errorf("the text is not in the GSM alphabet: %q", text)
	}
	m := &cimd2.Submit{
		Destinations: []string{strings.Repeat("0", len(to))}, // what stands for digits has to be digits here
		Reports:      cimd2.Some(0), UserData: cimd2.UserData{Data: septets},
	}
	if source := source(o.From); source.NPI == 0 {
		m.AlphaOriginator = source.Addr
	} else {
		m.Originator = source.Addr
	}
	if o.Receipts {
		m.Reports = cimd2.Some(int(cimd2.ReportsFinal))
	}
	p, err := cimd2.New(m)
	if err == nil {
		pdu, err = cimd2.Append(nil, p)
	}
	if err != nil {
		return nil, 0, 0, fmt.Errorf("write submit: %w", err)
	}
	after := func(head string) int { return bytes.Index(pdu, []byte(head)) + len(head) }
	return pdu, after("\t033:"), after("\t021:"), nil
}

func (*speakCIMD2) width() int                  { return 1 }
func (*speakCIMD2) digits(dst []byte, n uint64) { putNumber(dst, n) }

// number writes packet number, of which ours are odd, and checksum.
func (*speakCIMD2) number(pdu []byte, seq uint32) {
	putNumber(pdu[cimd2Number:cimd2Params-1], uint64(2*seq-1))
	cimd2.Seal(pdu)
}

func (*speakCIMD2) numbers() uint32 { return cimd2.MaxWindow }

func (*speakCIMD2) login(conn net.Conn, o *Options, account string) error {
	login := &cimd2.Login{User: account, Password: o.Password}
	if o.Window > 1 {
		login.Window = cimd2.Some(o.Window)
	}
	p, err := cimd2.New(login)
	if err != nil {
		return fmt.Errorf("write login: %w", err)
	}
	p.SetNumber(1)
	frame, err := cimd2.Append(nil, p)
	if err != nil {
		return fmt.Errorf("write login: %w", err)
	}
	if _, err := conn.Write(frame); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	answer, err := readTo(conn, cimd2.ETX, cimd2.MaxPacket)
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	p, err = cimd2.Decode(answer[max(0, bytes.LastIndexByte(answer, cimd2.STX)):]) // a banner stands before it
	if err == nil {
		err = p.Refused()
	}
	if err != nil {
		return fmt.Errorf("log in as %s: %w", account, err)
	}
	return nil
}

func (*speakCIMD2) frame(b []byte) (frame []byte, used int, err error) { return lastFrame(b) }

// Where what is always there stands in a packet.
const (
	cimd2Number = len("\x0200:")
	cimd2Params = len("\x0200:000\t")
)

// cimd2Head reads operation and number; ok is false if the frame has none.
func cimd2Head(frame []byte) (op cimd2.Operation, number uint8, ok bool) {
	if len(frame) <= cimd2Params || frame[cimd2Number-1] != ':' || frame[cimd2Params-1] != '\t' {
		return 0, 0, false
	}
	n := frame[cimd2Number:]
	return cimd2.Operation((frame[1]-'0')*10 + frame[2] - '0'), (n[0]-'0')*100 + (n[1]-'0')*10 + n[2] - '0', true
}

func (*speakCIMD2) sort(b *batch, frame []byte) (err error) {
	op, number, ok := cimd2Head(frame)
	switch {
	case !ok:
	case op == cimd2.OpSubmitResp:
		b.answers = append(b.answers, frame)
	case op == cimd2.OpNack || op == cimd2.OpGeneralError:
		return errNacked
	case op == cimd2.OpLogoutResp:
		return errUnbound
	case op == cimd2.OpStatusReport || op == cimd2.OpDeliver:
		b.receipts = append(b.receipts, frame)
		fallthrough
	case op == cimd2.OpAlive:
		b.replies, err = cimd2.Append(b.replies, cimd2.Empty(op.Response(), number))
	}
	return err
}

// cimd2Value gives the value of a parameter, nil if there is none, or it is empty.
func cimd2Value(frame []byte, head string) []byte {
	for rest := frame[cimd2Params:]; ; {
		end := bytes.IndexByte(rest, '\t')
		if end < 0 {
			return nil
		}
		if end > len(head) && string(rest[:len(head)]) == head {
			return rest[len(head):end]
		}
		rest = rest[end+1:]
	}
}

// name makes the id of a message: destination and timestamp.
func (l *speakCIMD2) name(frame []byte) []byte {
	l.id = append(append(append(l.id[:0], cimd2Value(frame, "021:")...), ':'), cimd2Value(frame, "060:")...)
	return l.id
}

func (l *speakCIMD2) answer(frame []byte) (a answer) {
	_, number, _ := cimd2Head(frame)
	a.seq = uint32(number)/2 + 1
	if code := cimd2Value(frame, "900:"); code != nil {
		a.refusal = "error " + string(code)
		return a
	}
	a.id = l.name(frame)
	return a
}

func (l *speakCIMD2) receipt(frame []byte) (id []byte, state string, ok bool) {
	if op, _, _ := cimd2Head(frame); op != cimd2.OpStatusReport {
		return nil, "", false
	}
	status := cimd2Value(frame, "061:")
	if len(status) != 1 {
		return nil, "", false
	}
	return l.name(frame), cimd2.Status(status[0] - '0').String(), true
}

func (*speakCIMD2) inbound(frame []byte) (text []byte, ok bool) {
	op, _, _ := cimd2Head(frame)
	return cimd2Value(frame, "033:"), op == cimd2.OpDeliver
}

func (*speakCIMD2) bye(dst []byte, seq uint32) []byte {
	out, _ := cimd2.Append(dst, cimd2.Empty(cimd2.OpLogout, uint8(2*seq-1)))
	return out
}
