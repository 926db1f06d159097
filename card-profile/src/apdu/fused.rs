//! A link that ends: once lost it stays lost, and no card is asked without end.

use super::{LinkLost, Transport};

/// A transport with a bound. After the first [`LinkLost`] every exchange fails alike, whatever the wrapped transport
/// would answer: what comes after a removed card is another card's, or nobody's. An answer without a status word is a lost
/// link too: drivers tell of a lifted card so. And after so many exchanges the link is given up, so that no card can keep
/// its reader busy for ever.
#[derive(Debug)]
pub struct Fused<T> {
    inner: T,
    left: u32,
    lost: Option<LinkLost>,
}

impl<T> Fused<T> {
    /// At most this many exchanges.
    pub fn new(inner: T, most: u32) -> Self {
        Self { inner, left: most, lost: None }
    }

    /// Why the link is gone, if it is.
    pub fn lost(&self) -> Option<&LinkLost> {
        self.lost.as_ref()
    }

    /// The wrapped transport, borrowed.
    pub fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// The wrapped transport.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: Transport> Transport for Fused<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        let answer = match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.inner.transmit(command).and_then(|answer| {
                    if answer.len() < 2 {
                        Err(LinkLost::new("an answer without a status word"))
                    } else {
                        Ok(answer)
                    }
                })
            }
            None => Err(LinkLost::new("the card was asked more often than any card needs")),
        };
        if let Err(lost) = &answer {
            self.lost = Some(lost.clone());
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails at its second command and answers again afterwards.
    struct Wobbly(u32);
    impl Transport for Wobbly {
        fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, LinkLost> {
            self.0 += 1;
            if self.0 == 2 { Err(LinkLost::new("lifted")) } else { Ok(vec![0x90, 0x00]) }
        }
    }

    #[test]
    fn what_comes_after_the_link_was_lost_is_not_heard() {
        let mut link = Fused::new(Wobbly(0), 10);
        assert!(link.transmit(&[0, 0xB0, 0, 0]).is_ok());
        for _ in 0..3 {
            assert_eq!(link.transmit(&[0, 0xB0, 0, 0]), Err(LinkLost::new("lifted")));
        }
        assert_eq!(link.into_inner().0, 2);
    }

    #[test]
    fn an_answer_without_a_status_word_is_the_end() {
        struct Short(usize);
        impl Transport for Short {
            fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, LinkLost> {
                self.0 += 1;
                Ok(if self.0 == 1 { vec![0x90] } else { vec![0x90, 0x00] })
            }
        }
        let mut link = Fused::new(Short(0), 10);
        assert!(link.transmit(&[0, 0xB0, 0, 0]).is_err());
        assert!(link.transmit(&[0, 0xB0, 0, 0]).is_err());
        assert_eq!(link.inner_mut().0, 1);
    }

    #[test]
    fn a_link_is_given_up_after_its_bound() {
        let mut link = Fused::new(Wobbly(5), 3);
        let answers = (0..5).filter(|_| link.transmit(&[0, 0xB0, 0, 0]).is_ok()).count();
        assert_eq!((answers, link.inner_mut().0), (3, 8));
        assert!(link.lost().is_some());
    }
}
