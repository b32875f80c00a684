//! From tokens to a tree, by FHIRPath's precedence.

use super::functions::{self, Function};
use super::lexer::Token;
use super::{EXPRESSION_DEPTH_MAX, PathError};

/// An expression as it is evaluated.
#[derive(Debug, Clone)]
pub(super) enum Tree {
    Bool(bool),
    Integer(i64),
    Decimal(f64),
    Text(String),
    Empty,
    This,
    Index,
    Variable(usize, String),
    /// A part by name, of something or of where the expression begins.
    Part(Option<Box<Tree>>, String),
    Call(usize, Option<Box<Tree>>, &'static Function, Vec<Tree>),
    At(usize, Box<Tree>, Box<Tree>),
    Minus(usize, Box<Tree>),
    Binary(usize, Sign, Box<Tree>, Box<Tree>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Times,
    Over,
    Div,
    Mod,
    Plus,
    Less,
    Join,
    Union,
    Above,
    Below,
    AtLeast,
    AtMost,
    Same,
    Other,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

/// Signs by how tightly they bind, loosest first.
const LEVELS: [&[(&str, Sign)]; 9] = [
    &[("implies", Sign::Implies)],
    &[("or", Sign::Or), ("xor", Sign::Xor)],
    &[("and", Sign::And)],
    &[("in", Sign::In), ("contains", Sign::Contains)],
    &[("=", Sign::Same), ("!=", Sign::Other)],
    &[
        (">", Sign::Above),
        ("<", Sign::Below),
        (">=", Sign::AtLeast),
        ("<=", Sign::AtMost),
    ],
    &[("|", Sign::Union)],
    &[("+", Sign::Plus), ("-", Sign::Less), ("&", Sign::Join)],
    &[
        ("*", Sign::Times),
        ("/", Sign::Over),
        ("div", Sign::Div),
        ("mod", Sign::Mod),
    ],
];

pub(super) fn parse(tokens: Vec<(usize, Token)>) -> Result<Tree, PathError> {
    let mut parser = Parser {
        tokens,
        next: 0,
        depth: 0,
    };
    let tree = parser.level(0)?;
    match parser.peek() {
        Token::End => Ok(tree),
        _ => Err(parser.wrong("the expression goes on after its end")),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens
            .get(self.next)
            .map_or(&Token::End, |(_, token)| token)
    }

    fn at(&self) -> usize {
        let last = self.tokens.last().map_or(0, |(at, _)| *at);
        self.tokens.get(self.next).map_or(last, |(at, _)| *at)
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn wrong(&self, what: &str) -> PathError {
        PathError::new(self.at(), what)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }

    fn must(&mut self, sign: &str) -> Result<(), PathError> {
        if self.is(sign) {
            self.next += 1;
            return Ok(());
        }
        Err(self.wrong(&format!("{sign} belongs here")))
    }

    fn level(&mut self, level: usize) -> Result<Tree, PathError> {
        let Some(signs) = LEVELS.get(level) else {
            return self.unary();
        };
        if level == 0 {
            self.depth += 1;
            if self.depth > EXPRESSION_DEPTH_MAX {
                return Err(self.wrong("the expression is nested too deeply"));
            }
        }
        let mut left = self.level(level + 1)?;
        while let Some(sign) = self.sign_of(signs) {
            let at = self.at();
            self.next += 1;
            let right = self.level(level + 1)?;
            left = Tree::Binary(at, sign, Box::new(left), Box::new(right));
        }
        if level == 0 {
            self.depth -= 1;
        }
        Ok(left)
    }

    fn sign_of(&self, signs: &[(&str, Sign)]) -> Option<Sign> {
        let written = match self.peek() {
            Token::Sign(sign) => *sign,
            Token::Name(name) => name.as_str(),
            _ => return None,
        };
        let found = signs.iter().find(|(name, _)| *name == written);
        found.map(|(_, sign)| *sign)
    }

    fn unary(&mut self) -> Result<Tree, PathError> {
        let at = self.at();
        if self.is("-") {
            self.next += 1;
            return Ok(Tree::Minus(at, Box::new(self.chain()?)));
        }
        if self.is("+") {
            self.next += 1;
        }
        self.chain()
    }

    /// A term and what hangs on it.
    fn chain(&mut self) -> Result<Tree, PathError> {
        let mut tree = self.term()?;
        loop {
            let at = self.at();
            if self.is(".") {
                self.next += 1;
                let Token::Name(name) = self.take() else {
                    return Err(PathError::new(at, "a name belongs after the point"));
                };
                tree = self.named(at, Some(Box::new(tree)), name)?;
            } else if self.is("[") {
                self.next += 1;
                let index = self.level(0)?;
                self.must("]")?;
                tree = Tree::At(at, Box::new(tree), Box::new(index));
            } else {
                return Ok(tree);
            }
        }
    }

    fn term(&mut self) -> Result<Tree, PathError> {
        let at = self.at();
        match self.take() {
            Token::Integer(number) => Ok(Tree::Integer(number)),
            Token::Decimal(number) => Ok(Tree::Decimal(number)),
            Token::Text(text) => Ok(Tree::Text(text)),
            Token::Variable(name) => Ok(Tree::Variable(at, name)),
            Token::Dollar(name) if name == "this" => Ok(Tree::This),
            Token::Dollar(name) if name == "index" => Ok(Tree::Index),
            Token::Name(name) if name == "true" => Ok(Tree::Bool(true)),
            Token::Name(name) if name == "false" => Ok(Tree::Bool(false)),
            Token::Name(name) => self.named(at, None, name),
            Token::Sign("(") => {
                let inner = self.level(0)?;
                self.must(")")?;
                Ok(inner)
            }
            Token::Sign("{") => {
                self.must("}")?;
                Ok(Tree::Empty)
            }
            _ => Err(PathError::new(at, "a value or a name belongs here")),
        }
    }

    /// A part or a call, by what follows the name.
    fn named(&mut self, at: usize, of: Option<Box<Tree>>, name: String) -> Result<Tree, PathError> {
        if !self.is("(") {
            return Ok(Tree::Part(of, name));
        }
        self.next += 1;
        let mut given = Vec::new();
        while !self.is(")") {
            if !given.is_empty() {
                self.must(",")?;
            }
            given.push(self.level(0)?);
        }
        self.must(")")?;
        let function = functions::find(&name).ok_or_else(|| {
            let known: Vec<&str> = functions::FUNCTIONS.iter().map(|it| it.name).collect();
            let what = format!("{name}() is not known here; known are {}", known.join(", "));
            PathError::new(at, what)
        })?;
        if !function.takes.contains(&given.len()) {
            let (least, most) = (function.takes.start(), function.takes.end());
            let what = format!("{name}() takes {least} to {most} arguments");
            return Err(PathError::new(at, what));
        }
        Ok(Tree::Call(at, of, function, given))
    }
}
