package connector

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// TLVConfig says which optional parameters go over a link. Parameters are
// written by name, those of the specification and those under tlvs of the
// server, or as tags such as 0x1400.
type TLVConfig struct {
	// Pass says what is handed on of what customers give: names, tags, ranges such as 0x1400-0x14FF, or all. What
	// Kurir says itself (message_payload, sar_msg_ref_num and the like) is never among them. Empty: nothing.
	Pass []string `yaml:"pass" example:"[user_message_reference, dlt_entity_id, 0x1400-0x14FF]"`
	// Set is what every message of the link has, also in place of the customer's: name: value.
	Set map[string]string `yaml:"set"`
	// Map is the tag that this operator has for a parameter: name: tag. What stands here is handed on too.
	Map map[string]string `yaml:"map"`
	// Receive is what is kept of the parameters of messages from phones, for webhooks, REST and SMPP customers;
	// written as in pass. Empty: nothing.
	Receive []string `yaml:"receive"`
	// Receipts is what is handed on of the parameters of the operator's receipts, with those that SMPP customers get, at
	// most 255 octets of each; written as in pass. Empty: nothing.
	Receipts []string `yaml:"receipts"`
}

// smppPassed are the words of SMPPConfig.Pass.
var smppPassed = []string{"service_type", "protocol_id", "esm_class", "reply_path", "registered_delivery", "sm_default_msg_id"}

// smppFields is what a link does with what SMPP has beyond a message's content,
// made of its configuration.
type smppFields struct {
	alphabet                            gsm.DefaultAlphabet
	service, protocol, acks, predefined bool
	reference                           bool  // user_message_reference goes over the link
	esm                                 uint8 // bits of esm_class that are handed on

	pass    []tagRange
	set     smpp.TLVs
	to      []tagPair
	receive []tagRange
	receipt []tagRange
}

type tagRange struct{ first, last uint16 }

type tagPair struct{ from, to uint16 }

func inRanges(ranges []tagRange, tag uint16) bool {
	for _, r := range ranges {
		if tag >= r.first && tag <= r.last {
			return true
		}
	}
	return false
}

// Resolve reads pass and tlvs of the configuration by the server's dictionary,
// and reports every mistake in them. Without it names of the specification are
// known.
func (c *SMPPConfig) Resolve(d *message.TLVDictionary, report func(field, problem string)) {
	f := &smppFields{}
	f.alphabet, _ = gsm.ParseDefaultAlphabet(c.Alphabet) // Validate reports it
	for i, word := range c.Pass {
		switch word {
		case "service_type":
			f.service = true
		case "protocol_id":
			f.protocol = true
		case "esm_class":
			f.esm |= smpp.ESMModeMask | smpp.ESMTypeMask
		case "reply_path":
			f.esm |= smpp.ESMReplyPath
		case "registered_delivery":
			f.acks = true
		case "sm_default_msg_id":
			f.predefined = true
		default:
			report(fmt.Sprintf("pass[%d]", i), fmt.Sprintf("%.40q is not known; %s are, and parameters belong under tlvs", word, strings.Join(smppPassed, ", ")))
		}
	}
	f.pass = resolveRanges(d, c.TLVs.Pass, "tlvs.pass", report)
	f.receive = resolveRanges(d, c.TLVs.Receive, "tlvs.receive", report)
	f.receipt = resolveRanges(d, c.TLVs.Receipts, "tlvs.receipts", report)
	for _, name := range sortedKeys(c.TLVs.Set) {
		tlv, err := d.Parse(name, c.TLVs.Set[name])
		if err != nil {
			report("tlvs.set."+name, err.Error())
			continue
		}
		f.set.Set(smpp.Tag(tlv.Tag), tlv.Value)
	}
	for _, name := range sortedKeys(c.TLVs.Map) {
		from, err := d.Tag(name)
		if err == nil && !message.GoesAlong(from) {
			err = fmt.Errorf("%.64s is set by Kurir itself", name)
		}
		if err != nil {
			report("tlvs.map."+name, err.Error())
			continue
		}
		to, last, err := d.Range(c.TLVs.Map[name])
		if err == nil && (to != last || !message.GoesAlong(to)) {
			err = fmt.Errorf("%.64q is not one tag that may be used, such as 0x1500", c.TLVs.Map[name])
		}
		if err != nil {
			report("tlvs.map."+name, err.Error())
			continue
		}
		f.to = append(f.to, tagPair{from, to})
	}
	if c.Version == "3.3" && (len(f.pass) > 0 || len(f.set) > 0 || len(f.to) > 0) {
		report("tlvs", "SMPP 3.3 has no optional parameters")
	}
	_, f.reference = f.tag(uint16(smpp.TagUserMessageReference))
	c.fields = f
}

func resolveRanges(d *message.TLVDictionary, words []string, field string, report func(field, problem string)) []tagRange {
	var ranges []tagRange
	for i, word := range words {
		first, last, err := d.Range(word)
		if err == nil && first == last && !message.GoesAlong(first) {
			err = fmt.Errorf("%.64q is read and set by Kurir itself", word)
		}
		if err != nil {
			report(fmt.Sprintf("%s[%d]", field, i), err.Error())
			continue
		}
		ranges = append(ranges, tagRange{first, last})
	}
	return ranges
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// apply puts into the fields that all parts share what the link hands on of
// the message.
func (f *smppFields) apply(common *smpp.ShortMessage, m *message.Message) {
	common.TLVs = f.set[:len(f.set):len(f.set)] // each part appends its own
	x := m.Content.Extra
	if f.reference && m.Via == message.ViaSMPP && m.Reference != "" {
		f.applyReference(common, m)
	}
	if x == nil {
		return
	}
	if f.service && x.ServiceType != "" {
		common.ServiceType = x.ServiceType
	}
	if f.protocol {
		common.ProtocolID = x.ProtocolID
	}
	if f.predefined {
		common.DefaultMsgID = x.DefaultMsgID
	}
	if f.acks {
		common.RegisteredDelivery |= x.Acks
	}
	common.ESMClass |= x.ESMClass & f.esm
	for i := range x.TLVs {
		if tag, ok := f.tag(x.TLVs[i].Tag); ok {
			common.TLVs = append(common.TLVs, smpp.TLV{Tag: tag, Value: x.TLVs[i].Value})
		}
	}
	common.TLVs = common.TLVs[:len(common.TLVs):len(common.TLVs)]
}

// applyReference hands on the user_message_reference of an SMPP customer, which
// is kept as the reference of the message.
func (f *smppFields) applyReference(common *smpp.ShortMessage, m *message.Message) {
	const tag = uint16(smpp.TagUserMessageReference)
	ref, err := strconv.ParseUint(m.Reference, 10, 16)
	if _, given := m.Content.Extra.TLV(tag); given || err != nil {
		return
	}
	if to, ok := f.tag(tag); ok {
		common.TLVs = append(common.TLVs, smpp.TLV{Tag: to, Value: binary.BigEndian.AppendUint16(nil, uint16(ref))})
		common.TLVs = common.TLVs[:len(common.TLVs):len(common.TLVs)]
	}
}

// tag returns the tag under which a customer's parameter goes over the link;
// false if it does not, or the link sets it.
func (f *smppFields) tag(tag uint16) (smpp.Tag, bool) {
	if !message.GoesAlong(tag) || tag == message.TagPassed {
		return 0, false
	}
	ok := inRanges(f.pass, tag)
	for _, p := range f.to {
		if p.from == tag {
			tag, ok = p.to, true
			break
		}
	}
	if _, fixed := f.set.Get(smpp.Tag(tag)); fixed {
		return 0, false
	}
	return smpp.Tag(tag), ok
}

// coding returns the data_coding of a message's parts: the customer's own where
// it says more than encoding and class do, such as a message waiting
// indication, and the text goes out in the encoding it is for.
func smppCoding(c *message.Content, enc gsm.Encoding) uint8 {
	if x := c.Extra; x != nil && x.Coding != 0 {
		d, _ := gsm.ParseSMPPDataCoding(x.Coding, gsm.GSM7)
		if d.Compressed {
			d.Encoding = gsm.Binary
		}
		if d.Encoding == enc {
			return x.Coding
		}
	}
	return gsm.Coding(enc, c.Class).SMPP()
}

// received returns what is kept of a message from a phone beyond its content,
// nil if nothing is: the type of an acknowledgement by the phone's user or
// program, and the parameters that the configuration lists.
func (f *smppFields) received(d *smpp.DeliverSM) *message.Extra {
	ack := d.ESMClass & (smpp.ESMDeliveryAck | smpp.ESMUserAck)
	if ack == 0 && (len(f.receive) == 0 || len(d.TLVs) == 0) {
		return nil
	}
	x := message.Extra{ESMClass: ack}
	octets := 0
	for i := range d.TLVs {
		t := &d.TLVs[i]
		if len(x.TLVs) == message.MaxTLVs || !message.GoesAlong(uint16(t.Tag)) || !inRanges(f.receive, uint16(t.Tag)) {
			continue
		}
		if octets += len(t.Value); octets > message.MaxTLVOctets {
			break
		}
		x.TLVs = append(x.TLVs, message.TLV{Tag: uint16(t.Tag), Value: append(make([]byte, 0, len(t.Value)), t.Value...)})
	}
	if x.IsZero() {
		return nil
	}
	return &x
}

// reported returns what is handed on of a receipt beyond what it says of its
// message.
func (f *smppFields) reported(d *smpp.DeliverSM) string {
	var list []message.TLV
	for i := range d.TLVs {
		if t := &d.TLVs[i]; message.GoesAlong(uint16(t.Tag)) && inRanges(f.receipt, uint16(t.Tag)) {
			list = append(list, message.TLV{Tag: uint16(t.Tag), Value: t.Value})
		}
	}
	return message.EncodeTLVs(list)
}
