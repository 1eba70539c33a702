package wire

import "bytes"

// The octets that a frame begins and ends with.
const (
	STX = 0x02
	ETX = 0x03
)

// Next finds the first frame in b, of at most most octets: b[start:end], from STX to ETX. Without one, ok is false, and
// what stands before start is junk in any case; start is the length of b if all of it is.
func Next(b []byte, most int) (start, end int, ok bool) {
	for {
		i := bytes.IndexByte(b[start:], STX)
		if i < 0 {
			return len(b), 0, false
		}
		start += i
		rest := b[start+1:]
		if len(rest) > most-1 {
			rest = rest[:most-1]
		}
		n := bytes.IndexByte(rest, ETX)
		if n >= 0 {
			end = start + 1 + n + 1
			if again := bytes.LastIndexByte(rest[:n], STX); again >= 0 { // the frame before was cut off
				start += again + 1
			}
			return start, end, true
		}
		if again := bytes.LastIndexByte(rest, STX); again >= 0 {
			start += again + 1
			continue
		}
		if len(rest) < most-1 {
			return start, 0, false
		}
		start++ // too long: it was no frame
	}
}
