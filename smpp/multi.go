package smpp

import "strconv"

// maxDests is the largest number_of_dests (SMPP 3.4 5.2.24).
const maxDests = 254

// Values of dest_flag (SMPP 3.4 5.2.25).
const (
	destAddress uint8 = 1
	destList    uint8 = 2
)

// MultiDest is one destination of a submit_multi: an address, or the name of a distribution list if List is set.
type MultiDest struct {
	Address
	List string // dl_name: at most 20 characters
}

func (d *MultiDest) layout(c *coder) {
	flag := destAddress
	if d.List != "" {
		flag = destList
	}
	c.u8("dest_flag", &flag)
	switch {
	case c.reason != "":
	case flag == destAddress:
		c.address(fieldDest, &d.Address, 21)
	case flag == destList:
		c.cstring("dl_name", &d.List, 21, ESME_RINVDLNAME)
	default:
		c.fail("dest_flag", ESME_RINVDESTFLAG, "is "+strconv.Itoa(int(flag)))
	}
}

// SubmitMulti gives the SMSC one message for up to 254 destinations (SMPP 3.4 4.5.1).
type SubmitMulti struct {
	ServiceType        string // at most 5 characters
	Source             Address
	Dests              []MultiDest
	ESMClass           uint8
	ProtocolID         uint8
	Priority           uint8
	ScheduleTime       string
	Validity           string
	RegisteredDelivery uint8
	ReplaceIfPresent   uint8
	DataCoding         uint8
	DefaultMsgID       uint8
	Text               []byte
	TLVs               TLVs
}

// Command is submit_multi.
func (*SubmitMulti) Command() CommandID { return CommandSubmitMulti }

func (b *SubmitMulti) layout(c *coder) {
	c.cstring("service_type", &b.ServiceType, 6, ESME_RINVSERTYP)
	c.address(fieldSource, &b.Source, 21)
	if c.mode == modeEncode && (len(b.Dests) == 0 || len(b.Dests) > maxDests) {
		c.fail("number_of_dests", ESME_RINVNUMDESTS, "is not between 1 and 254")
		return
	}
	layoutList(c, "number_of_dests", &b.Dests, (*MultiDest).layout)
	c.u8("esm_class", &b.ESMClass)
	c.u8("protocol_id", &b.ProtocolID)
	c.u8("priority_flag", &b.Priority)
	c.time("schedule_delivery_time", &b.ScheduleTime, ESME_RINVSCHED)
	c.time("validity_period", &b.Validity, ESME_RINVEXPIRY)
	c.u8("registered_delivery", &b.RegisteredDelivery)
	c.u8("replace_if_present_flag", &b.ReplaceIfPresent)
	c.u8("data_coding", &b.DataCoding)
	c.u8("sm_default_msg_id", &b.DefaultMsgID)
	c.short(&b.Text)
	c.tlvs(&b.TLVs)
}

// Message is ShortMessage.Message.
func (b *SubmitMulti) Message() []byte {
	if p, ok := b.TLVs.Get(TagMessagePayload); ok && len(p) > 0 {
		return p
	}
	return b.Text
}

// Unsuccess is a destination of a submit_multi that was refused, and why.
type Unsuccess struct {
	Address
	Status Status
}

func (u *Unsuccess) layout(c *coder) {
	c.address(fieldDest, &u.Address, 21)
	c.u32("error_status_code", (*uint32)(&u.Status))
}

// SubmitMultiResp answers submit_multi (SMPP 3.4 4.5.2).
type SubmitMultiResp struct {
	MessageID string      // at most 64 characters
	Unsuccess []Unsuccess // at most 254
	TLVs      TLVs        // SMPP 5.0
}

// Command is submit_multi_resp.
func (*SubmitMultiResp) Command() CommandID { return CommandSubmitMultiResp }

func (b *SubmitMultiResp) layout(c *coder) {
	c.cstring("message_id", &b.MessageID, 65, ESME_RINVMSGID)
	if c.mode == modeEncode && len(b.Unsuccess) > maxDests {
		c.fail("no_unsuccess", ESME_RINVNUMDESTS, "is above 254")
		return
	}
	layoutList(c, "no_unsuccess", &b.Unsuccess, (*Unsuccess).layout)
	c.newTLVs(&b.TLVs)
}

// layoutList is a count of one octet and as many items, made as they arrive so that a count alone costs nothing.
func layoutList[T any](c *coder, field string, items *[]T, layout func(*T, *coder)) {
	n := uint8(len(*items))
	c.u8(field, &n)
	if c.mode == modeDecode {
		*items = nil
		for range n {
			if c.reason != "" {
				return
			}
			*items = append(*items, *new(T))
			layout(&(*items)[len(*items)-1], c)
		}
		return
	}
	for i := range *items {
		layout(&(*items)[i], c)
	}
}
