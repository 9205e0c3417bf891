package xpay

import (
	"bytes"
	"context"
	"strconv"
)

// search looks for the recipe behind a received digest: the rule, then each mistake alone, then the pairs.
type search struct {
	kitchen  *kitchen
	readings []reading
	budget   int // bytes that may still be hashed
	tried    int
}

// step is a mistake that was made, in one of its ways.
type step struct {
	entry  entry
	detail string
	change func(*recipe)
}

// hit is a recipe that reproduces the received digest.
type hit struct {
	recipe   recipe
	steps    []step
	encoding MistakeID
}

// run tries everything for each base; what the bases share is that they break no rule of the catalogue. It gives nil when
// nothing fits, and complete tells whether everything was tried.
func (s *search) run(ctx context.Context, bases []base) (found *hit, complete bool) {
	if len(s.readings) == 0 {
		return nil, true
	}
	for _, b := range bases {
		if encoding, ok := s.try(b.recipe); ok {
			return &hit{recipe: b.recipe, encoding: encoding}, true
		}
	}
	for i := range bases {
		if found := s.singles(ctx, &bases[i]); found != nil {
			return found, true
		}
	}
	for _, b := range bases {
		if found := s.pairs(ctx, b); found != nil {
			return found, true
		}
	}
	return nil, s.budget > 0 && ctx.Err() == nil
}

// base is a recipe without mistakes, with the mistakes that can be made from it.
type base struct {
	recipe recipe
	steps  []step
}

// singles tries each mistake alone, and keeps for the pairs those that make a difference.
func (s *search) singles(ctx context.Context, b *base) *hit {
	rule := bytes.Clone(s.kitchen.message(b.recipe))
	effective := b.steps[:0:0]
	for _, mistake := range b.steps {
		if s.budget <= 0 || ctx.Err() != nil {
			return nil
		}
		r := b.recipe
		mistake.change(&r)
		if r.key == b.recipe.key && r.digest == b.recipe.digest && r.keyless == b.recipe.keyless && bytes.Equal(rule, s.kitchen.message(r)) {
			continue
		}
		if encoding, ok := s.try(r); ok {
			return &hit{recipe: r, steps: []step{mistake}, encoding: encoding}
		}
		if !mistake.entry.alone {
			effective = append(effective, mistake)
		}
	}
	b.steps = effective
	return nil
}

// pairs tries every two mistakes that don't concern the same thing.
func (s *search) pairs(ctx context.Context, b base) *hit {
	for i, first := range b.steps {
		for _, second := range b.steps[i+1:] {
			if first.entry.axes&second.entry.axes != 0 {
				continue
			}
			if s.budget <= 0 || ctx.Err() != nil {
				return nil
			}
			r := b.recipe
			first.change(&r)
			second.change(&r)
			if encoding, ok := s.try(r); ok {
				return &hit{recipe: r, steps: []step{first, second}, encoding: encoding}
			}
		}
	}
	return nil
}

func (s *search) try(r recipe) (encoding MistakeID, ok bool) {
	if r.keyless {
		return "", false
	}
	message := s.kitchen.message(r)
	s.tried++
	s.budget -= len(message) + len(r.key)
	digest := r.digest.sum(r.key, message)
	for _, reading := range s.readings {
		if reading.matches(digest) {
			return reading.mistake, true
		}
	}
	return "", false
}

// bases are the ways to follow the rule: one for each secret of the issuer, and for a header in milliseconds one for
// each way to read "the same timestamp".
func bases(rules Rules, c Case, kitchen *kitchen, timestamp string) []base {
	timestamps := []string{timestamp}
	if number, err := strconv.ParseInt(timestamp, 10, 64); err == nil && number >= firstMilliseconds && number < firstNonsense {
		timestamps = append(timestamps, strconv.FormatInt(number/1000, 10))
	}
	secrets := c.Secrets
	if len(secrets) == 0 {
		secrets = []Secret{{}}
	}
	var all []base
	for _, secret := range secrets {
		for _, text := range timestamps {
			subject := subjectOf(rules, c, kitchen.parameters, text, secret)
			all = append(all, base{
				recipe: recipe{timestamp: text, order: ruleOrder, key: secret.key, keyless: secret.key == ""},
				steps:  stepsFor(subject),
			})
		}
	}
	return all
}

func subjectOf(rules Rules, c Case, parameters []parameter, timestamp string, secret Secret) subject {
	s := subject{rules: rules, call: c.Call, secret: secret, others: c.Others}
	s.apiKeyName, s.apiKey = apiKeyOf(rules, parameters)
	if seconds, err := rules.parseTimestamp(timestamp); err == nil {
		s.seconds = seconds
	}
	return s
}

func stepsFor(s subject) []step {
	var steps []step
	for _, e := range catalogue() {
		if e.variants == nil {
			continue
		}
		for _, v := range e.variants(s) {
			steps = append(steps, step{entry: e, detail: v.detail, change: v.change})
		}
	}
	return steps
}
