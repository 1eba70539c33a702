package load

import (
	"bytes"
	"net"

	"kurir/ucp"
)

// language is what sessions speak. One serves one session.
type language interface {
	// submission writes a message, which will be copied and patched, and tells where its text and its recipient stand.
	submission(o *Options, text, to string) (pdu []byte, textAt, toAt int, err error)
	// width is how many octets of it a character of the text takes, and digits writes a number into so many of them.
	width() int
	digits(dst []byte, n uint64)
	// number gives a copy its number; it is complete then.
	number(pdu []byte, seq uint32)
	// numbers is the highest number; they are 1 to it, and again from 1. That of the log-in is 1.
	numbers() uint32
	// login logs in on a connection and waits for the answer.
	login(conn net.Conn, o *Options, account string) error
	// frame finds the first whole frame, and how many octets it takes with what is before it; 0: there is none.
	frame(b []byte) (frame []byte, used int, err error)
	// sort puts a frame where it belongs in the batch, and answers what is to be answered. An error ends the session.
	sort(b *batch, frame []byte) error
	// answer reads the answer to a message.
	answer(frame []byte) answer
	// receipt reads a receipt; ok is false if the frame is none.
	receipt(frame []byte) (id []byte, state string, ok bool)
	// inbound gives the text of a message from a phone; ok is false if the frame is none.
	inbound(frame []byte) (text []byte, ok bool)
	// bye appends what ends the session in good order, if there is such a thing.
	bye(dst []byte, seq uint32) []byte
}

// answer is what is said to a message.
type answer struct {
	seq     uint32
	id      []byte // by which receipts name the message; empty if it has none
	refusal string // empty: accepted
}

// language makes that of a session.
func (o *Options) language() language {
	switch o.spoken() {
	case UCP:
		return new(speakUCP)
	case CIMD2:
		return new(speakCIMD2)
	}
	return speakSMPP{}
}

// readTo reads one octet after the other up to one, or so many that it is in vain.
func readTo(conn net.Conn, last byte, most int) (octets []byte, err error) {
	for one := make([]byte, 1); len(octets) < most && (len(octets) == 0 || octets[len(octets)-1] != last); {
		if _, err := conn.Read(one); err != nil {
			return nil, err
		}
		octets = append(octets, one[0])
	}
	return octets, nil
}

// lastFrame finds the first frame of UCP or CIMD2, which both stand between STX and ETX; one that was begun twice was cut off before.
func lastFrame(b []byte) (frame []byte, used int, err error) {
	end := bytes.IndexByte(b, ucp.ETX)
	if end < 0 {
		return nil, 0, nil
	}
	start := max(0, bytes.LastIndexByte(b[:end], ucp.STX))
	return b[start : end+1], end + 1, nil
}
