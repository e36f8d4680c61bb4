"""Background frequencies of words and code shapes: the share of texts outside benchmarks that have them.

Shapes were counted in 5,022 functions of Python 3.11's standard library, words in 2,128 of its docstrings; the shares
of words that are common in programming exercises were raised by hand. A feature that is not listed is rarer than the
last line. A line is a share, then the features that have it.
"""

from __future__ import annotations


def _table(text: str) -> dict[str, float]:
    shares: dict[str, float] = {}
    for line in text.strip().split("\n"):
        share, *entries = line.split()
        shares.update(dict.fromkeys(entries, float(share)))
    return shares


SHAPES: dict[str, float] = _table(
    """
    0.96 call
    0.78 Assign
    0.73 if
    0.64 Return
    0.57 do
    0.51 do(call)
    0.49 Assign(v,call)
    0.36 Tuple
    0.33 Subscript
    0.25 Not
    0.24 for
    0.23 Add Raise Return(call)
    0.21 Eq Return(v)
    0.20 if(Not)
    0.19 Is Raise(call) Tuple(v,v)
    0.18 except
    0.17 if(Is)
    0.16 And call(v,v) if(call)
    0.15 Mod element if(Eq) if(v)
    0.14 IsNot List call(.v) if(And)
    0.13 len
    0.12 Assign(v,Add) In Is(v,None) Or Slice call(.v,v) isinstance
    0.11 Assign(v,Subscript) Lt Not(call) Not(v) if(IsNot)
    0.10 Assign(Tuple,call) call(len,v) do(element) for(v,v) if(Is(v,None))
    0.09 IsNot(v,None) List() Subscript(v,Slice) ValueError if(In) if(Not(call)) minus
    0.08 .join Assign(.v,v) NotEq call(v) do(call(.v)) if(.v) if(Lt) if(Not(v))
    0.07 Assign(.v,call) Assign(v,.v) Assign(v,List) Assign(v,v) Dict Sub Subscript(v,v) element(v)
    0.07 for(v,call) if(IsNot(v,None)) if(Or) minus(1) str
    0.06 .get Assign(v,List()) Dict() Return() Starred Subscript(v,0) TypeError call(v,v,v) do(element(v))
    0.06 gather if(NotEq)
    0.05 .path .path(v) Assign(.v,None) Assign(Subscript,v) Assign(v,call(v,v)) Break Break() FormattedValue
    0.05 JoinedStr LtE Mult NotIn Return(Tuple) do(call(.v,v)) element(call) int
    0.04 .__init__ .split Add(1,v) Add(v,v) Assign(v,None) Assign(v,Subscript(v,Slice)) Assign(v,call(v))
    0.04 AttributeError FormattedValue(v) Not(.v) OSError Starred(v) Subscript(.v,v) Tuple(v,v,v)
    0.04 call(.v,v,v) call(isinstance,v,v) for(Tuple,call) gather(for,element) getattr if(NotIn) list super
    0.04 type withitem
    0.03 .__name__ .close .format .get(v) .items .split(v) .startswith .write Add(call,v) Assert Assign(v,0)
    0.03 Assign(v,Dict) Assign(v,Mod) Assign(v,Sub) Assign(v,call(.v,v)) Continue Continue() Delete In(v,v)
    0.03 Is(.v,None) IsNot(.v,None) KeyError None= None=(v) Raise() Return(None) Return(Tuple(v,v)) Slice(1)
    0.03 Slice(v) Tuple(v) call(.items) call(.join,v) call(isinstance,v,str) call(super) call(type,v)
    0.03 do(element(call)) hasattr if(Is(.v,None)) if(IsNot(.v,None)) if(LtE) if(Not(.v)) print tuple
    0.02 .__init__(v) .call .call(.v) .close(v) .decode .encode .get(.v) .items(v) .join(.path(v))
    0.02 .join(.path) .lower .name .name(v) .pop .read .replace .startswith(v) .strip .warn .write(v)
    0.02 Add(Add,v) Assign(.v,0) Assign(.v,Add) Assign(.v,False) Assign(.v,List) Assign(.v,True)
    0.02 Assign(Subscript(v,v),v) Assign(Subscript,call) Assign(Tuple,Tuple) Assign(Tuple,v) Assign(v,'')
    0.02 Assign(v,Add(1,v)) Assign(v,Add(call,v)) Assign(v,Add(v,v)) Assign(v,Dict()) Assign(v,False)
    0.02 Assign(v,Subscript(v,v)) Assign(v,True) Assign(v,Tuple) Assign(v,call(.v)) Assign(v,call(len,v))
    0.02 Assign(v,call(v,v,v)) Assign(v,choice) Assign(v,gather) BitAnd BitOr Delete(Subscript) Eq(v,v)
    0.02 ImportError Is(v,v) List(v) Lt(v,0) Lt(v,v) NotImplemented NotIn(v,v) Raise(call(ValueError,Mod))
    0.02 Raise(call(v,Mod)) Return(Add) Return(False) Return(NotImplemented) Return(Subscript) Return(True)
    0.02 Slice(minus(1)) Slice(minus) Sub(v,1) Sub(v,v) Subscript(call,0) Subscript(v,1)
    0.02 Subscript(v,Slice(1)) Subscript(v,Slice(minus)) Subscript(v,Slice(v)) Subscript(v,minus(1))
    0.02 Subscript(v,minus) USub Yield bytes call(.close(v)) call(.close) call(.format,v) call(.items(v))
    0.02 call(.lower) call(.strip) call(.v,call) call(ValueError,Mod) call(len,.v) call(repr,v) call(str,v)
    0.02 call(v,Mod) call(v,call) call(v,v,v,v) do(Yield) do(call(.close)) do(call(v,v)) do(element(Tuple))
    0.02 element(Tuple) for(Tuple(v,v),call(.items)) for(Tuple,v) for(v,.v) if(Eq(v,v)) if(In(v,v))
    0.02 if(Lt(v,v)) if(True) if(call(isinstance,v,str)) if(call(isinstance,v,v)) open range repr
    0.02 withitem(call,v)
    0.01 .__init__(call(super)) .__init__(call) .__name__(.v) .__name__(v) .debug .debug(v) .decode(v)
    0.01 .encode(v) .endswith .endswith(v) .extend .extend(v) .find .group .index .insert .join('') .keys
    0.01 .lower(v) .match .open .pop(v) .read(v) .readline .remove .replace(v) .sort .stdout .strip(v)
    0.01 .update .value .value(v) .warn(v) .write(.v) Add(.v,1) Add(.v,v) Add(Subscript,v)
    0.01 Assign(.v,Add(.v,1)) Assign(.v,Dict()) Assign(.v,Dict) Assign(.v,List())
    0.01 Assign(Subscript,Subscript) Assign(Tuple(v,v),call(v,v)) Assign(Tuple,Subscript)
    0.01 Assign(v,Add(Add,v)) Assign(v,Mult) Assign(v,Or) Assign(v,Subscript(.v,v)) Assign(v,Subscript(v,0))
    0.01 Assign(v,call(.v,v,v)) Assign(v,gather(for,element)) DeprecationWarning Div Eq(.v,v) Eq(0,v)
    0.01 Eq(1,call) Exception FloorDiv In(v,.v) In(v,Tuple) Lt(0,v) Not(call(isinstance,v,v)) NotEq(v,v)
    0.01 Raise(call(TypeError,Mod)) Raise(call,None) Return(.v) Return(Mod) Return(call(.v,v))
    0.01 Return(call(v,v)) RuntimeError Slice() Slice(2) Slice(v,Add) Sub(v,call) Subscript(.v,Slice)
    0.01 Subscript(call,Slice) Tuple() Tuple(call,call) Tuple(v,call) Tuple(v,v,v,v) USub(v) Yield(v)
    0.01 call(.get,v) call(.keys) call(.lower(v)) call(.strip(v)) call(.v,v,v,v) call(.write,v)
    0.01 call(TypeError,Mod) call(getattr,v,v) call(int,v) call(isinstance,v,Tuple) call(list,call)
    0.01 call(v,.v) call(v,Subscript) dict do(Yield(v)) do(call(.v,call)) do(call(.v,v,v))
    0.01 do(call(.write,v)) do(call(v)) do(call(v,v,v)) float for(Tuple(v,v),v) for(v,Subscript)
    0.01 for(v,Tuple) gather(for(v,v),element(call)) gather(for,if,element) if(Eq(0,v)) if(In(v,.v))
    0.01 if(In(v,Tuple)) if(Is(v,v)) if(Lt(v,0)) if(NotIn(v,v)) map max set setattr sorted
    """
)

WORDS: dict[str, float] = _table(
    """
    0.40 number
    0.35 list
    0.30 string
    0.25 determine element
    0.20 1 2 build count find integ sum
    0.17 name
    0.15 0 character compute large method small sort
    0.14 file
    0.13 set
    0.12 calculate contain default end equal index length n start tuple word
    0.11 error give remove replace
    0.10 3 class data dictionary different empty even first new order otherwise positive
    0.09 instance row
    0.08 between case current difference digit divide join middle multiply non object odd represent specify
    0.08 split x
    0.07 optional raise
    0.06 byte combine command near path possible range read type
    0.05 a arg clas e format head module option pass sentence widget
    0.04 attribute b context directory encode event exception exist key run source
    0.03 4 allow base block charact content defin g import informate instead keyword log mode open pars
    0.03 parse point proces rais rfc see serv space standard support time user valid version window
    0.02 5 6 8 accord actual addres already available average binary buf c call callable common connection
    0.02 copy correspond date debug decimal decode depend descend detail display doesn ele environ except
    0.02 extend extension flag frame grade handl handle help http implementate includ include info internal
    0.02 iterable keep left load loop negative nest next normal operate original os override package parent
    0.02 print record requ response send single specific state stop stream subtract supply sys system thread
    0.02 tree turtle unles url variable wait want width wrap y
    0.01 anoth dir exit mast part pas special timeout underly
    """
)
