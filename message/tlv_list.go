package message

import "encoding/binary"

// MaxReportOctets bounds the optional parameters of one receipt, tags and
// lengths included.
const MaxReportOctets = 255

// EncodeTLVs writes optional parameters as SMPP does: tag, length and value of
// each (SMPP 3.4 3.2.4.1). What would exceed MaxReportOctets is left out.
func EncodeTLVs(list []TLV) string {
	var octets []byte
	for _, t := range list {
		if len(octets)+4+len(t.Value) > MaxReportOctets {
			continue
		}
		octets = binary.BigEndian.AppendUint16(octets, t.Tag)
		octets = binary.BigEndian.AppendUint16(octets, uint16(len(t.Value)))
		octets = append(octets, t.Value...)
	}
	return string(octets)
}

// DecodeTLVs reads what EncodeTLVs wrote, as far as it can be read.
func DecodeTLVs(text string) (list []TLV) {
	for octets := []byte(text); len(octets) >= 4; {
		n := int(binary.BigEndian.Uint16(octets[2:]))
		if len(octets) < 4+n {
			break
		}
		list = append(list, TLV{Tag: binary.BigEndian.Uint16(octets), Value: octets[4 : 4+n : 4+n]})
		octets = octets[4+n:]
	}
	return list
}

// ReportTLVs returns the optional parameters of the last receipt of a message that
// had some, among the final ones or the intermediate ones; part, if not 0, those of
// a part's.
func ReportTLVs(m *Message, part uint8, final bool) []TLV {
	events, _ := DecodeLog(m.Log, m.ID)
	text, last := "", Enroute
	for _, e := range events {
		switch {
		case part != 0 && e.Part != part:
		case e.Kind == EventReport:
			last = e.State
		case e.Kind == EventParameters && last.Final() == final:
			text = e.Text
		}
	}
	return DecodeTLVs(text)
}
