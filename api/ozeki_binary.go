package api

import (
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"

	"kurir/gsm"
	"kurir/message"
)

// ozekiBinary is the message type of octets.
const ozekiBinary = "SMS:BINARY:XML"

// ozekiOctets writes octets as messagedata of type SMS:BINARY:XML.
func ozekiOctets(c *message.Content) string {
	dcs, pid := gsm.Coding(gsm.Binary, c.Class).Octet(), uint8(0)
	if x := c.Extra; x != nil {
		pid = x.ProtocolID
		if x.Coding != 0 {
			dcs = x.Coding
		}
	}
	return fmt.Sprintf("<sms><pid>%02X</pid><dcs>%02X</dcs><udh>%X</udh><ud>%X</ud></sms>", pid, dcs, c.Header, c.Data)
}

// ozekiParseOctets reads messagedata of type SMS:BINARY:XML, all values in hexadecimal
// digits; a dcs that does not say 8-bit data is refused, as the octets would be
// taken for a text.
func ozekiParseOctets(data string, c *message.Content) *ozekiError {
	wrong := func(why string) *ozekiError {
		return ozekiRefuse(http.StatusBadRequest, "The parameter messagedata "+why+"; "+ozekiBinary+" is <sms><pid>00</pid><dcs>04</dcs><udh>..</udh><ud>..</ud></sms>")
	}
	var given struct {
		XMLName xml.Name `xml:"sms"`
		PID     string   `xml:"pid"`
		DCS     string   `xml:"dcs"`
		UDH     string   `xml:"udh"`
		UD      string   `xml:"ud"`
	}
	if err := xml.Unmarshal([]byte(data), &given); err != nil {
		return wrong("is no XML of this type")
	}
	var pid, dcs []byte
	for _, field := range []struct {
		name, text string
		into       *[]byte
		most       int
	}{{"pid", given.PID, &pid, 1}, {"dcs", given.DCS, &dcs, 1}, {"udh", given.UDH, &c.Header, 255}, {"ud", given.UD, &c.Data, len(data)}} {
		octets, err := hex.DecodeString(strings.Join(strings.Fields(field.text), ""))
		if err != nil || len(octets) > field.most {
			return wrong("has no hexadecimal octets as " + field.name)
		}
		if len(octets) > 0 {
			*field.into = octets
		}
	}
	c.Want, c.Class = gsm.Binary, gsm.NoClass
	if len(dcs) == 1 {
		d := gsm.ParseDataCoding(dcs[0])
		if d.Encoding != gsm.Binary {
			return wrong("has a dcs that is not for 8-bit data")
		}
		c.Class = d.Class
	}
	x := &message.Extra{}
	if len(pid) == 1 {
		x.ProtocolID = pid[0]
	}
	if len(dcs) == 1 && dcs[0] != gsm.Coding(gsm.Binary, c.Class).Octet() {
		x.Coding = dcs[0]
	}
	if !x.IsZero() {
		c.Extra = x
	}
	return nil
}
