package org.homeround.ui

import androidx.compose.runtime.Composable
import androidx.compose.runtime.ProvidableCompositionLocal
import androidx.compose.runtime.staticCompositionLocalOf
import org.homeround.kit.screens.Words

/** The string resources of one language: Android's own, or the same files read on a desktop. */
interface Strings {
    /** The text of a key, or none when there is no such key. */
    fun find(key: String, with: List<Any>, count: Int?): String?

    /** The strings of another language, as `es`. */
    fun inLanguage(language: String): Strings
}

/** The strings of the language in use. */
val LocalStrings: ProvidableCompositionLocal<Strings> = staticCompositionLocalOf { error("no strings are provided") }

/** A text of the string resources. */
@Composable
internal fun text(key: String, vararg with: Any): String = read(Words(key = key, with = with.toList(), count = null))

/** What a model says, in the language in use. */
@Composable
internal fun read(words: Words): String {
    val strings = LocalStrings.current
    // A code that this version has no word for is shown as it is.
    return strings.find(words.key, words.with, words.count) ?: words.key.substringAfter('_')
}

/** A line of a model's in which a word that begins with `@` is a key of the string resources. */
@Composable
internal fun line(text: String): String {
    if (!text.startsWith("@")) return text
    val key = text.drop(1).substringBefore(' ')
    val rest = text.drop(1).removePrefix(key)
    return read(Words(key)) + rest
}
