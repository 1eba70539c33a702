package api

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"kurir/message"
)

// jasminTLVTypes are the octets of Jasmin's types of numbers.
var jasminTLVTypes = map[string]int{"Int1": 1, "Int2": 2, "Int4": 4, "Int8": 8}

// tlvs reads custom_tlvs: {"0x1400": value, "0x1401:Int8": value}, or
// [[tag, length, type, value], ...], both also as the text of JSON.
func (m *jasminMessage) tlvs() *jasminAnswer {
	text := strings.TrimSpace(m.args.values["custom_tlvs"])
	if text == "" {
		return nil
	}
	bad := jasminInvalid("custom_tlvs", text)
	list, why := jasminTLVs(text)
	if why != "" {
		bad.why = why
		return bad
	}
	if len(list) == 0 {
		return nil
	}
	x := m.sub.Content.Extra
	if x == nil {
		x = &message.Extra{}
	}
	octets := 0
	for _, t := range list {
		_, twice := x.TLV(t.Tag)
		octets += len(t.Value)
		switch {
		case twice:
			bad.why = "a tag is given twice"
		case !message.GoesAlong(t.Tag):
			bad.why = "a tag is one that Kurir sets itself"
		case len(x.TLVs) == message.MaxTLVs || octets > message.MaxTLVOctets:
			bad.why = "there are too many of them"
		}
		if bad.why != "" {
			return bad
		}
		x.TLVs = append(x.TLVs, t)
	}
	m.sub.Content.Extra = x
	return nil
}

// jasminTLVs reads the text, or says what is wrong with it.
func jasminTLVs(text string) (list []message.TLV, why string) {
	add := func(tag, kind string, value any) string {
		t, why := jasminTLV(tag, kind, value)
		list = append(list, t)
		return why
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if text[0] == '[' {
		var rows [][]any
		if d.Decode(&rows) != nil {
			return nil, "a list of [tag, length, type, value] is expected"
		}
		for _, row := range rows {
			if len(row) != 4 {
				return nil, "a list of [tag, length, type, value] is expected"
			}
			kind, _ := row[2].(string)
			if why := add(jasminWritten(row[0]), kind, row[3]); why != "" {
				return nil, why
			}
			octets := len(list[len(list)-1].Value)
			if length, err := strconv.Atoi(jasminWritten(row[1])); err == nil && length != octets && (kind != "COctetString" || length != octets-1) {
				return nil, "a length is not that of its value"
			}
		}
		return list, ""
	}
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, "an object or a list is expected"
	}
	for d.More() {
		var value any
		name, err := d.Token()
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return nil, "it is no JSON"
		}
		tag, kind, _ := strings.Cut(name.(string), ":") // names of members are strings
		if why := add(tag, kind, value); why != "" {
			return nil, why
		}
	}
	return list, ""
}

// jasminWritten is a text or number of JSON as it was written.
func jasminWritten(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// jasminTLV makes a parameter of its type, which is OctetString if none is said.
func jasminTLV(tag, kind string, value any) (t message.TLV, why string) {
	number, err := strconv.ParseUint(tag, 0, 16)
	if err != nil {
		return t, "a tag is neither a number nor as in 0x1400"
	}
	t.Tag = uint16(number)
	text := jasminWritten(value)
	switch size := jasminTLVTypes[kind]; {
	case size > 0:
		n, err := strconv.ParseUint(text, 0, 8*size)
		if err != nil {
			return t, "a value is no number of its type"
		}
		t.Value = binary.BigEndian.AppendUint64(nil, n)[8-size:]
	case text == "" && value != "":
		return t, "a value is neither a text nor a number"
	case kind == "COctetString":
		t.Value = append([]byte(text), 0)
		if bytes.IndexByte(t.Value, 0) < len(t.Value)-1 {
			return t, "a value has a NUL, which would end it"
		}
	case kind == "OctetString" || kind == "":
		t.Value = []byte(text)
	default:
		return t, "a type is none of Int1, Int2, Int4, Int8, OctetString, COctetString"
	}
	if len(t.Value) > math.MaxUint8 {
		return t, "a value has more than 255 octets"
	}
	return t, ""
}
