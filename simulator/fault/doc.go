// Package fault decides which calls go wrong on purpose, so that an issuer can
// see what his client does when they do.
//
//	console  -- Add, List, Remove, Reset ------->  Set
//	inbound  -- Next(issuer, operation, when) -->  Set  -->  Fault, or none
//
// Nothing goes wrong unless a fault was added. A fault is for one issuer or
// all, and for one operation or all. It strikes the first calls, every
// so-manieth call or calls drawn by a seeded generator, and it strikes before
// the state is changed or after: an answer that is lost after the commit is
// what proves that a client may safely repeat its call.
//
// The package only counts and decides. Who asked it carries the fault out.
package fault
