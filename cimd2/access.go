package cimd2

// Login begins a session (operation 01).
type Login struct {
	User, Password string
	Subaddress     Optional // 0 to 9: lets the same account log in several times
	Window         Optional // 1 to MaxWindow; without it there is one request at a time
}

// Operation is OpLogin.
func (*Login) Operation() Operation { return OpLogin }

func (b *Login) layout(c *coder) {
	c.text(ParamUser, &b.User, ErrLogin)
	c.text(ParamPassword, &b.Password, ErrLogin)
	c.need(ParamUser, b.User != "", ErrLogin)
	c.need(ParamPassword, b.Password != "", ErrLogin)
	c.optional(ParamSubaddress, &b.Subaddress, ErrSubaddress)
	c.optional(ParamWindow, &b.Window, ErrWindowSize)
}

// Enquire asks what became of a message (operation 04).
type Enquire struct {
	Destination, Timestamp string // as the response to the submission gave them
}

// Operation is OpEnquire.
func (*Enquire) Operation() Operation { return OpEnquire }

func (b *Enquire) layout(c *coder) {
	c.text(ParamDestination, &b.Destination, ErrEnquireAddress)
	c.need(ParamDestination, b.Destination != "", ErrEnquireAddress)
	c.text(ParamTimestamp, &b.Timestamp, ErrEnquireTimestamp)
	c.need(ParamTimestamp, b.Timestamp != "", ErrEnquireTimestamp)
}

// Modes of a delivery request.
const (
	RequestCount = 0 // only tell how many messages wait
	RequestOne   = 1 // deliver one
	RequestAll   = 2 // deliver all
)

// DeliveryRequest asks for the messages that wait for an application which gets none unasked (operation 05).
type DeliveryRequest struct {
	Mode Optional // RequestCount, RequestOne or RequestAll
}

// Operation is OpDeliveryRequest.
func (*DeliveryRequest) Operation() Operation { return OpDeliveryRequest }

func (b *DeliveryRequest) layout(c *coder) {
	c.optional(ParamDeliveryRequestMode, &b.Mode, ErrRequestMode)
}

// DeliveryRequestResp answers DeliveryRequest.
type DeliveryRequestResp struct {
	Count Optional // how many messages wait
}

// Operation is OpDeliveryRequestResp.
func (*DeliveryRequestResp) Operation() Operation { return OpDeliveryRequestResp }

func (b *DeliveryRequestResp) layout(c *coder) { c.optional(ParamCount, &b.Count, ErrFormat) }

// Modes of a cancellation.
const (
	CancelAll       = 0 // everything that waits for a destination
	CancelTimestamp = 1 // one message by its destination and timestamp
	CancelMatching  = 2 // as the SMSC defines it, by whichever of the two are given
)

// Cancel takes messages back that were not delivered yet (operation 06).
type Cancel struct {
	Mode                   Optional // CancelAll, CancelTimestamp or CancelMatching
	Destination, Timestamp string
}

// Operation is OpCancel.
func (*Cancel) Operation() Operation { return OpCancel }

func (b *Cancel) layout(c *coder) {
	c.optional(ParamCancelMode, &b.Mode, ErrCancelMode)
	c.text(ParamDestination, &b.Destination, ErrCancelAddress)
	c.text(ParamTimestamp, &b.Timestamp, ErrCancelTimestamp)
	if b.Mode.Set {
		c.need(ParamDestination, b.Destination != "" || b.Mode.Value == CancelMatching, ErrCancelAddress)
		c.need(ParamTimestamp, b.Timestamp != "" || b.Mode.Value != CancelTimestamp, ErrCancelCombination)
	}
}

// Set changes the password of the account (operation 08).
type Set struct {
	Password string
}

// Operation is OpSet.
func (*Set) Operation() Operation { return OpSet }

func (b *Set) layout(c *coder) {
	c.text(ParamPassword, &b.Password, ErrPasswordChange)
	c.need(ParamPassword, b.Password != "", ErrUnsupportedParameter)
}

// Get asks the SMSC for a parameter (operation 09): ParamTime.
type Get struct {
	Item Optional // a Param, 501 to 999
}

// Operation is OpGet.
func (*Get) Operation() Operation { return OpGet }

func (b *Get) layout(c *coder) {
	c.optional(ParamGet, &b.Item, ErrUnsupportedItem)
	c.need(ParamGet, b.Item.Set, ErrUnsupportedItem)
}

// GetResp answers Get.
type GetResp struct {
	Time string // yymmddhhmmss in the SMSC's local time
}

// Operation is OpGetResp.
func (*GetResp) Operation() Operation { return OpGetResp }

func (b *GetResp) layout(c *coder) { c.text(ParamTime, &b.Time, ErrFormat) }
