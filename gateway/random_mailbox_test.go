package gateway

import (
	"context"
	"time"

	"kurir/message"
)

// boxFates is what beta's program knows of its mailbox.
type boxFates struct {
	sent    map[string]bool       // texts that the operator got an acknowledgement for
	seen    map[string]message.ID // texts that were fetched
	deleted map[message.ID]bool   // that it was told are deleted
}

func newBoxFates() boxFates {
	return boxFates{map[string]bool{}, map[string]message.ID{}, map[message.ID]bool{}}
}

// fetch reads some of beta's mailbox and deletes some of that. Of a deletion
// without an answer, or in another life, nothing is known.
func (c *chaos) fetch(n int, all bool) {
	c.mu.Lock()
	life := c.life
	c.mu.Unlock()
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
	defer stop()
	list, err := c.w.Mailbox(ctx, "beta", n)
	if err != nil {
		c.t.Errorf("read the mailbox: %v", err)
	}
	var ids []message.ID
	for _, in := range list {
		text := in.Content.Text
		if id, known := c.box.seen[text]; known && id != in.ID {
			c.t.Errorf("%s is in the mailbox as %s and as %s", text, id, in.ID)
		}
		c.box.seen[text] = in.ID
		if c.box.deleted[in.ID] && !pushed(in) {
			c.t.Errorf("%s is in the mailbox again after it was deleted", text)
		}
		if all || c.chance(60) {
			ids = append(ids, in.ID)
		}
	}
	deleted, err := c.w.DeleteFromMailbox(ctx, "beta", ids)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logf("fetched %d, deleted %d of %d: %v", len(list), len(deleted), len(ids), err)
	if err == nil && c.life == life {
		for _, id := range deleted {
			c.box.deleted[id] = true
		}
	}
}

// pushed tells whether something of a message was made owed again.
func pushed(in *message.Inbound) bool {
	for i := range in.Targets {
		if lastPush(in.Log, in.ID, uint8(i+1)).At > 0 {
			return true
		}
	}
	return false
}

// checkMailbox looks whether beta's program got everything.
func (c *chaos) checkMailbox() {
	for text, sent := range c.box.sent {
		if sent && c.box.seen[text] == 0 {
			c.t.Errorf("%s was acknowledged to the operator and never in the mailbox", text)
		}
	}
}
