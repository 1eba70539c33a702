package gateway

import (
	"time"

	"kurir/account"
	"kurir/billing"
	"kurir/message"
	"kurir/store"
)

// What messages cost is reserved from a balance when they are accepted, and
// charged or given back later, by the payer's rule. The balance that decides is
// here in memory, one place per account; what changes of it is written in the
// same batch as the message, a balance and a ledger row per account. So
//
//	balance = top-ups - charged - reserved
//
// holds at every instant, in memory and on disk, and what is reserved on disk is
// what the open messages there say. Accounts of which nothing is said about
// money and limits have no account.Terms and come past none of this.

// What tally counts of messages that cost something, in micro-units and by the hour
// of acceptance; the currency stands in place of a link.
const (
	tallyReserved = "reserved" // at acceptance
	tallyReturned = "returned" // of that, later
)

// funds is where the money of a balance is.
type funds struct{ balance, charged, reserved message.Amount }

func (f *funds) add(d funds) {
	f.balance += d.balance
	f.charged += d.charged
	f.reserved += d.reserved
}

// purse is the money of one account, and what it has had of its limits.
type purse struct {
	account  string
	currency string
	has      bool           // a balance, by the configuration
	credit   message.Amount // how far below zero it may go
	zone     *time.Location // of days and months
	live     funds          // as they stand
	disk     funds          // as the last commit wrote them
	messages allowances
	money    allowances

	moveIn uint64 // sequence of the gather that holds its newest movement
	moveAt int
}

// movement is what a gather changes of a purse.
type movement struct {
	purse       *purse
	change      funds
	first, last message.ID
}

// bill is what an Accept has to settle: the customer's terms, and what each of
// the messages costs.
type bill struct {
	terms  *account.Terms
	rates  []billing.Reservation
	atomic bool
	tell   bool // the customer is told the prices
}

// rate says what a message costs by each of its links.
func (s *Snapshot) rate(t *account.Terms, m *message.Message, now time.Time) (r billing.Reservation, _ *message.Failure) {
	if t.Prices == "" {
		return r, nil // only limits
	}
	list := s.Prices[t.Prices]
	if list == nil {
		return r, message.Fail(message.NoPrice, "", "there is no price list %s", t.Prices)
	}
	to := s.destination(m, list)
	units, missing, ok := list.Rate(make([]message.Amount, 0, len(m.Links)), &to, m.Links, now)
	if !ok {
		return r, message.Fail(message.NoPrice, "to", "the price list %s has no price for %s by %s; the administrator can add one", list.Name, m.To, missing)
	}
	r.Currency, r.Units = list.Currency, units
	if t.Payer != nil {
		r.Payer = t.Payer.Name
		r.Rule, _ = billing.ParseRule(t.Payer.Balance.Charge) // checked with the configuration
	}
	m.Price = int64(r.Dearest(m.Parts))
	return r, nil
}

// destination is what of a message's recipient decides its price by a list.
func (s *Snapshot) destination(m *message.Message, list *billing.List) (to billing.Destination) {
	if !m.To.Matches("+*") {
		return to // a short code has no destination
	}
	to.Number = m.To.Number
	if list.ByPlace() {
		net := s.Networks.Of(m.To)
		to.Country, to.Code, to.Network = net.Country, net.Code, net.Name
		to.CountryDigits = s.Networks.CountryDigits(m.To.Number)
	}
	return to
}

// purse returns the place of an account's money, making it if it is not there.
func (g *Gateway) purse(name string) *purse {
	p := g.purses[name]
	if p == nil {
		p = &purse{account: name}
		g.purses[name] = p
	}
	return p
}

// moveMoney changes a purse, in memory and in the gather.
func (g *Gateway) moveMoney(p *purse, d funds, id message.ID) {
	p.live.add(d)
	b := g.cur
	if p.moveIn != b.seq {
		p.moveIn, p.moveAt = b.seq, len(b.money)
		b.money = append(b.money, movement{purse: p, first: id})
	}
	mv := &b.money[p.moveAt]
	mv.change.add(d)
	if id != 0 {
		mv.last = id
		if mv.first == 0 {
			mv.first = id
		}
	}
}

// moneyRows are the rows of what a gather moves. They say what a balance is when
// the gather is on disk, so nothing may be committed between this and that.
func (b *gather) moneyRows() []store.MoneyEntry {
	if len(b.money) == 0 {
		return nil
	}
	rows := make([]store.MoneyEntry, 0, len(b.money))
	for i := range b.money {
		mv := &b.money[i]
		if mv.change == (funds{}) && mv.first == 0 {
			continue // taken back
		}
		f := mv.purse.disk
		f.add(mv.change)
		rows = append(rows, store.MoneyEntry{
			Account: mv.purse.account, Currency: mv.purse.currency,
			Balance: int64(f.balance), Charged: int64(f.charged), Reserved: int64(f.reserved), First: mv.first, Last: mv.last,
		})
	}
	return rows
}

// moneyOnDisk books that what a gather moves is on disk.
func (b *gather) moneyOnDisk() {
	for i := range b.money {
		b.money[i].purse.disk.add(b.money[i].change)
	}
}

// reserve takes what the messages of an Accept cost from the customer's balance,
// and counts them on the limits of all levels. Those for which that does not
// suffice are refused; if they are atomic, all of them.
func (g *Gateway) reserve(a *applicant, now time.Time) {
	b := a.bill
	levels := make([]*purse, len(b.terms.Levels))
	for i, up := range b.terms.Levels {
		levels[i] = g.purse(up.Name)
		levels[i].roll(now)
	}
	n := 0
	for i, m := range a.good {
		var f *message.Failure
		if !g.opt.Shared { // else settle says so
			f = afford(levels, m)
		}
		if f == nil && b.terms.Payer != nil && !g.opt.Shared { // the terms may be those before a reload
			f = g.purse(b.terms.Payer.Name).bears(message.Amount(m.Price), m.Account)
		}
		if f != nil {
			g.count.unpaid.Add(1)
			a.results[a.index[i]] = Result{To: m.To, Failure: f}
			if b.atomic {
				g.turnAwayAll(a, n, i, now)
				return
			}
			g.count.refused.Add(1)
			continue
		}
		g.book(levels, b.terms, m, &b.rates[i], now)
		a.good[n], a.index[n], b.rates[n] = m, a.index[i], b.rates[i]
		n++
	}
	a.good, a.index, b.rates = a.good[:n], a.index[:n], b.rates[:n]
}

// turnAwayAll takes back the first n messages of an atomic request, of which
// that at bad was refused, and refuses the others with them.
func (g *Gateway) turnAwayAll(a *applicant, n, bad int, now time.Time) {
	for i, m := range a.good {
		if i < n {
			g.unbook(g.cur, a.bill.terms, m)
			if m.Price != 0 {
				g.cur.counters[counterKey{now.Unix() / 3600, m.Account, a.bill.rates[i].Currency, tallyReserved}] -= m.Price
			}
		}
		if i != bad {
			a.results[a.index[i]] = Result{To: m.To, Failure: &message.Failure{Kind: message.Withheld, Field: "atomic"}}
		}
	}
	g.count.refused.Add(int64(len(a.good)))
	a.good, a.index = nil, nil
}

// afford says why a message cannot be paid, or is more than a limit permits.
func afford(levels []*purse, m *message.Message) *message.Failure {
	price := message.Amount(m.Price)
	for _, p := range levels {
		if f := p.suffices(price, m.Account); f != nil {
			return f
		}
		if l := p.messages.exceeded(1); l != nil {
			return message.Fail(message.LimitReached, "", "%s may send %d messages %s and has; more from %s on",
				p.account, l.most, l.per(&p.messages), time.UnixMilli(l.until).UTC().Format(time.RFC3339))
		}
		if l := p.money.exceeded(int64(price)); l != nil {
			return message.Fail(message.LimitReached, "", "%s may spend %s %s %s, and the message costs %s more than is left; more from %s on",
				p.account, message.Amount(l.most), p.currency, l.per(&p.money), price, time.UnixMilli(l.until).UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// suffices says why a price is more than a balance permits, if there is one; customer
// is whom it is told.
func (p *purse) suffices(price message.Amount, customer string) *message.Failure {
	if !p.has {
		return nil
	}
	return p.bears(price, customer)
}

// bears says why a price is more than can be taken from a purse, also from one that
// has had no balance since a reload.
func (p *purse) bears(price message.Amount, customer string) *message.Failure {
	switch {
	case price <= 0 || p.live.balance-price >= -p.credit:
		return nil
	case p.account != customer:
		return message.Fail(message.NoMoney, "", "the balance of %s does not suffice for %s %s", p.account, price, p.currency)
	}
	return message.Fail(message.NoMoney, "", "the message costs %s %s, and the balance is %s with a credit of %s; it has to be topped up",
		price, p.currency, p.live.balance, p.credit)
}

// book takes what a message costs.
func (g *Gateway) book(levels []*purse, t *account.Terms, m *message.Message, r *billing.Reservation, now time.Time) {
	price := message.Amount(m.Price)
	for _, p := range levels {
		p.messages.use(1)
		p.money.use(int64(price))
		g.counted(p, false, now.UnixMilli(), 1, true)
		g.counted(p, true, now.UnixMilli(), int64(price), true)
	}
	if price == 0 {
		return
	}
	g.cur.counters[counterKey{now.Unix() / 3600, m.Account, r.Currency, tallyReserved}] += int64(price)
	if t.Payer == nil {
		return
	}
	d := funds{balance: -price, reserved: price}
	if r.Rule == billing.ChargeAccepted {
		d = funds{balance: -price, charged: price}
	}
	g.moveMoney(g.purse(t.Payer.Name), d, 0)
}

// unbook takes book back for a message that does not get on disk.
func (g *Gateway) unbook(b *gather, t *account.Terms, m *message.Message) {
	price := message.Amount(m.Price)
	if now := g.snap.Load().Accounts.ByName(m.Account); now != nil && now.Terms() != nil {
		for _, up := range now.Terms().Levels {
			p := g.purse(up.Name)
			p.messages.use(-1)
			p.money.use(-int64(price))
		}
	}
	if price == 0 || t.Payer == nil {
		return
	}
	d := funds{balance: price, reserved: -price}
	if rule, _ := billing.ParseRule(t.Payer.Balance.Charge); rule == billing.ChargeAccepted {
		d = funds{balance: price, charged: -price}
	}
	p := g.purse(t.Payer.Name)
	p.live.add(d)
	for i := range b.money {
		if mv := &b.money[i]; mv.purse == p {
			mv.change.add(d)
		}
	}
}

// unbookAll takes back what was reserved for messages that do not get on disk.
func (g *Gateway) unbookAll(b *gather, a *acceptance) {
	for _, e := range a.entries {
		g.unbook(b, a.bill.terms, e.m)
	}
}

// reserved notes in a message's log what was reserved for it, and in the ledger
// which messages a row is about.
func (g *Gateway) reserved(e *entry, r *billing.Reservation, now time.Time) {
	if e.m.Price == 0 {
		return
	}
	e.event(message.Event{Kind: message.EventReserved, At: now.UnixMilli(), Text: r.String()})
	if r.Payer != "" {
		g.moveMoney(g.purse(r.Payer), funds{}, e.m.ID)
	}
	if r.Rule == billing.ChargeAccepted {
		e.event(message.Event{Kind: message.EventCharged, At: now.UnixMilli(), Text: message.Amount(e.m.Price).String() + " " + r.Currency})
	}
}

// reservation returns what was reserved for a message; open, if it is neither
// charged nor given back. Nil: nothing is known of it.
func reservation(m *message.Message) (r *billing.Reservation, open bool) {
	r, _, settled := billing.Ended(m)
	return r, r != nil && !settled
}

// chargeTaken charges a message that an operator has taken, if its payer's rule
// is that. e.m.Price is not 0.
func (g *Gateway) chargeTaken(e *entry, now time.Time) {
	if r, open := reservation(e.m); open && r.Taken() && !g.repeats(e.m) { // the next link may cost more
		g.settle(e, r, r.By(e.hop, e.m.Parts), now)
	}
}

// settleFinal charges or gives back what is still reserved for a message that
// ends. e.m.Price is not 0.
func (g *Gateway) settleFinal(e *entry, s message.State, now time.Time) {
	r, open := reservation(e.m)
	if !open {
		return
	}
	var amount message.Amount
	hop, carried := e.hop, r.Final(s)
	if g.repeats(e.m) {
		hop, carried = e.carrier(carried, r.Taken())
	}
	if carried {
		amount = r.By(hop, e.m.Parts)
	}
	g.settle(e, r, amount, now)
}

// carrier returns by which link's price a message is charged that could be repeated
// and ends: the one that delivered it, else, if taken counts, the last whose operator
// took it. arrived says that it was delivered or sent.
func (e *entry) carrier(arrived, taken bool) (hop uint8, carried bool) {
	if hop, before := e.past.deliverer(); arrived && before {
		return hop, true
	}
	if arrived || !taken {
		return e.hop, arrived
	}
	events, _ := message.DecodeLog(e.m.Log, e.m.ID)
	link := ""
	for i := range events {
		switch events[i].Kind {
		case message.EventGranted:
			link = events[i].Text
		case message.EventTaken:
			hop, carried = hopOf(e.m.Links, link), true
		}
	}
	return hop, carried
}

// settle charges an amount of what is reserved for a message and gives the rest
// back. The caller writes the message.
func (g *Gateway) settle(e *entry, r *billing.Reservation, amount message.Amount, now time.Time) {
	held := message.Amount(e.m.Price)
	amount = min(amount, held)
	back := held - amount
	if amount > 0 || back == 0 {
		e.event(message.Event{Kind: message.EventCharged, At: now.UnixMilli(), Text: amount.String() + " " + r.Currency})
	}
	if back > 0 {
		e.event(message.Event{Kind: message.EventRefunded, At: now.UnixMilli(), Text: back.String() + " " + r.Currency})
		g.giveBack(e.m, r.Currency, back)
	}
	if r.Payer != "" {
		g.moveMoney(g.purse(r.Payer), funds{balance: back, charged: amount, reserved: -held}, e.m.ID)
	}
}

// giveBack takes money off the limits on which a message was counted, or, if it
// is less than 0, adds to them.
func (g *Gateway) giveBack(m *message.Message, currency string, back message.Amount) {
	g.tallyReturn(m, currency, back)
	a := g.snap.Load().Accounts.ByName(m.Account)
	if a == nil || a.Terms() == nil || !a.Terms().Limited {
		return
	}
	at := m.ID.Millis()
	for _, up := range a.Terms().Levels {
		p := g.purse(up.Name)
		p.money.giveBack(at, int64(back))
		g.counted(p, true, at, -int64(back), false)
	}
}

// reprice reserves what a message costs that is replaced by m, of another
// length, or says why it cannot be paid.
func (g *Gateway) reprice(m *message.Message, now time.Time) *message.Failure {
	r, open := reservation(m)
	if r == nil {
		return nil
	}
	return g.repriceAs(m, r, open, now)
}

// repriceAs makes the price of a message that of a reservation; open, if what it
// cost is neither charged nor given back.
func (g *Gateway) repriceAs(m *message.Message, r *billing.Reservation, open bool, now time.Time) *message.Failure {
	more := r.Dearest(m.Parts) - message.Amount(m.Price)
	if a := g.snap.Load().Accounts.ByName(m.Account); a != nil && a.Terms() != nil {
		for _, up := range a.Terms().Levels { // a limit that is reached does not stop it: the message is counted already
			if f := g.purse(up.Name).suffices(more, m.Account); f != nil {
				return f
			}
		}
	}
	if r.Payer != "" { // since a reload perhaps none of the levels
		if f := g.purse(r.Payer).bears(more, m.Account); f != nil {
			return f
		}
	}
	g.giveBack(m, r.Currency, -more)
	m.Price += int64(more)
	d := funds{balance: -more, reserved: more}
	if !open {
		d = funds{balance: -more, charged: more}
	}
	if r.Payer != "" {
		g.moveMoney(g.purse(r.Payer), d, m.ID)
	}
	m.Log = message.AppendEvent(m.Log, m.ID, message.Event{Kind: message.EventReserved, At: now.UnixMilli(), Text: r.String()})
	if !open {
		m.Log = message.AppendEvent(m.Log, m.ID, message.Event{Kind: message.EventCharged, At: now.UnixMilli(), Text: message.Amount(m.Price).String() + " " + r.Currency})
	}
	return nil
}

// billFor returns the bill of an Accept; nil where nothing is said about the
// customer's money and limits.
func billFor(subs []*Submission) *bill {
	if len(subs) == 0 || subs[0].Account.Terms() == nil {
		return nil
	}
	return &bill{terms: subs[0].Account.Terms(), atomic: subs[0].Atomic, tell: subs[0].Account.TellPrice}
}

// add rates one more message.
func (b *bill) add(s *Snapshot, m *message.Message, now time.Time) *message.Failure {
	r, f := s.rate(b.terms, m, now)
	if f == nil {
		b.rates = append(b.rates, r)
	}
	return f
}
